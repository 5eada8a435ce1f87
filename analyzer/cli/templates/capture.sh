#!/bin/sh
# Capture containers/storage of this node for an offline analysis.
#
#   sh capture.sh > bundle.tar            everything, the contents of layers included
#   sh capture.sh --no-content | gzip > bundle.tar.gz
#   ssh root@node sh -s -- --no-content < capture.sh | zstd > bundle.tar.zst
#   sh capture.sh /srv/containers/storage > bundle.tar
#   sh capture.sh --host-only > host.tar   no store: configuration, file systems, logs
#   sh capture.sh --ask > bundle.tar       what podman and crictl list as well: they open the store for that
#
# It needs root, a POSIX shell and GNU tar. Without --ask it opens no store and asks engines for nothing but --version:
# it only reads files, leaves the access times of files and directories alone, and writes one tar to standard output.
# What it left out is told on standard error, and in capture.txt inside the tar. Without a path it takes the stores of
# storage.conf. Podman's database goes in: it holds the environment of its containers; --no-database leaves it out.
set -eu
LC_ALL=C
export LC_ALL
umask 077

say() { printf 'capture: %s\n' "$*" >&2; }
fail() { say "$*"; exit 3; }

content=yes
stores=yes
database=yes
ask=no
roots=
newline='
'
while [ $# -gt 0 ]; do
    case $1 in
    --no-content) content=no ;;
    --host-only) stores=no ;;
    --no-database) database=no ;;
    --ask) ask=yes ;;
    -h | --help)
        sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" 2>/dev/null || true
        exit 0
        ;;
    /*) roots=$roots$1$newline ;;
    *)
        say "$1: expected --no-content, --host-only, --no-database, --ask or the absolute path of a graph root"
        exit 2
        ;;
    esac
    shift
done

[ ! -t 1 ] || fail "standard output is a terminal: redirect it to a file, or pipe it into a compressor"
[ "$(id -u)" = 0 ] || fail "needs root: others cannot read layers (for a rootless store too: name its path)"
tar --version 2>/dev/null | grep -q 'GNU tar' || fail "needs GNU tar"

# Stores: those that were named, else what storage.conf says, else the default.
conf=/etc/containers/storage.conf
[ -f "$conf" ] || conf=/usr/share/containers/storage.conf
option() { # the quoted values of an option, one a line, comments left out
    [ -f "$conf" ] || return 0
    sed 's/#.*//' "$conf" | tr '\n' ' ' | grep -o "\\b$1 *= *\\(\"[^\"]*\"\\|\\[[^]]*\\]\\)" |
        grep -o '"[^"]*"' | tr -d '"' || true
}
if [ -z "$roots" ]; then
    roots=$(option graphroot)
    roots=${roots:-/var/lib/containers/storage}$newline$(option imagestore)$newline$(option additionalimagestores)$newline
    runroot=$(option runroot)
fi
runroot=${runroot:-/run/containers/storage}

work=$(mktemp -d "${TMPDIR:-/tmp}/capture.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

names=$work/names # what goes into the tar, relative to /
: >"$names"
kept=$work/kept
mkdir "$kept"
left=$kept/capture.txt
add() { [ ! -e "/$1" ] || printf '%s\0' "$1" >>"$names"; }

found=no
content_of=$work/content_of # graph roots, one a line, relative to /
: >"$content_of"
IFS=$newline
for root in $roots; do
    [ -n "$root" ] || continue
    root=${root%/}
    [ ! -L "$root" ] || root=$(readlink -f "$root")
    case $root in
    *[*?[\\]*) fail "store $root: a path with such characters cannot be captured by this script" ;;
    esac
    if [ ! -d "$root" ]; then
        printf 'left out: store %s: it is not there\n' "$root" >>"$left"
        continue
    fi
    known=no
    for part in overlay overlay-layers overlay-images overlay-containers vfs vfs-layers vfs-images vfs-containers; do
        [ -d "$root/$part" ] || continue
        known=yes
        # a part on a file system of its own has to be named, or it would be left out as a mount
        [ "$(stat -c %d "$root/$part")" = "$(stat -c %d "$root")" ] || add "${root#/}/$part"
    done
    if [ $known = no ]; then
        printf 'left out: %s: it holds no overlay or vfs store\n' "$root" >>"$left"
        continue
    fi
    found=yes
    [ $stores = yes ] || continue
    add "${root#/}"
    printf '%s\n' "${root#/}" >>"$content_of"
done
unset IFS
[ $found = yes ] || [ $stores = no ] || { cat "$left" >&2; fail "no store found; name the path of a graph root"; }

# Records that live in the run root, configuration, and the marks that engines leave. Engines are asked for --version.
for part in layers images containers; do
    add "${runroot#/}/overlay-$part/volatile-$part.json"
done
for path in etc/containers/storage.conf etc/containers/storage.conf.d usr/share/containers/storage.conf \
    etc/containers/containers.conf etc/containers/containers.conf.d usr/share/containers/containers.conf \
    etc/crio/crio.conf etc/crio/crio.conf.d var/lib/crio/version var/lib/crio/clean.shutdown \
    var/lib/crio/clean.shutdown.supported run/crio/version run/crio/crio-wipe-done etc/os-release \
    etc/passwd etc/subuid etc/subgid etc/fstab; do
    add "$path"
done
mkdir "$kept/proc"
for name in mounts version cpuinfo; do
    cat "/proc/$name" >"$kept/proc/$name" 2>/dev/null || true
done
uname -a >"$kept/uname"
run() { # the output of a command that may not be there, in a file of the tar
    to=$1
    shift
    ! command -v "$1" >/dev/null 2>&1 || timeout 60 "$@" >"$kept/$to" 2>&1 || true
}
for home in /root /home/*; do
    add "${home#/}/.config/containers/storage.conf"
done
run df_-k df -k
run df_-i df -i
run sestatus.txt sestatus
for place in $(printf '%s' "$roots" | head -n 8); do
    [ ! -d "$place" ] || run "xfs_info_$(printf %s "${place#/}" | tr -c 'A-Za-z0-9\n' _)" xfs_info "$place"
done
# Logs: of this boot and the one before, what the kernel says of disks and memory, and what the engines say.
for boot in 0 -1; do
    run "journal_boot$boot.log" journalctl --no-pager --output=short-iso --boot="$boot" --lines=20000 \
        _TRANSPORT=kernel + _SYSTEMD_UNIT=crio.service + _SYSTEMD_UNIT=kubelet.service + \
        _SYSTEMD_UNIT=podman.service + SYSLOG_IDENTIFIER=podman + SYSLOG_IDENTIFIER=systemd
done
if [ $ask = yes ]; then
    run podman-images.txt podman images --all --digests --no-trunc
    run podman-ps.txt podman ps --all --external --no-trunc
    run podman-pods.txt podman pod ps --no-trunc
    run podman-volumes.txt podman volume ls
    run podman-info.txt podman info
    run crictl-images.txt crictl images --no-trunc
    run crictl-ps.txt crictl ps --all --no-trunc
    run crictl-pods.txt crictl pods --no-trunc
fi
for engine in crio podman; do
    if command -v "$engine" >/dev/null 2>&1; then
        "$engine" --version >"$kept/$engine-version" 2>/dev/null || true
    fi
done

# What is left out: secrets, volumes, sockets, and other file systems (mounted containers, their shared memory). The
# patterns are anchored at the graph root: a path inside a layer that looks alike is no reason to leave a file out.
set --
while IFS= read -r root; do
    set -- "$@" --exclude="$root/secrets" --exclude="$root/volumes" \
        --exclude="$root/overlay-containers/*/userdata/secrets" --exclude="$root/vfs-containers/*/userdata/secrets"
    [ $database = yes ] || set -- "$@" --exclude="$root/libpod/bolt_state.db" --exclude="$root/db.sql*"
    [ $content = yes ] || set -- "$@" --exclude="$root/overlay/*/diff*/*" --exclude="$root/vfs/dir/*/*"
done <"$content_of"
echo 'left out: secrets and volumes of podman, secrets of containers, sockets, what is mounted below the stores' >>"$left"
[ $content = yes ] || echo 'left out: contents of layers (--no-content)' >>"$left"
[ $stores = yes ] || echo 'left out: every store (--host-only)' >>"$left"
[ $database = yes ] || echo "left out: podman's database (--no-database)" >>"$left"
locks() { # when the lock files were last written: reading them would renew their access time
    while IFS= read -r root; do
        for lock in "/$root"/*-layers/layers.lock "/$root"/*-images/images.lock "/$root"/*-containers/containers.lock; do
            [ ! -f "$lock" ] || stat -c '%n %s %y' "$lock"
        done
    done <"$content_of"
}
# What the kernel still writes out may have no block yet, and tar --sparse would store it as one hole.
while IFS= read -r root; do
    timeout 60 sync -f "/$root" 2>/dev/null || true
done <"$content_of"
before=$(locks)
status=0
tar --create --file - --numeric-owner --sparse --xattrs --xattrs-include='*' --atime-preserve=system \
    --one-file-system --warning=no-file-ignored --warning=no-xdev \
    --anchored --wildcards --no-wildcards-match-slash "$@" \
    --directory / --null --verbatim-files-from --files-from "$names" --directory "$kept" . || status=$?
if [ "$before" != "$(locks)" ]; then
    say "an engine wrote to a store while it was captured: records and files may not fit together"
fi
cat "$left" >&2
case $status in
0) ;;
1) say "some files changed while they were read" ;;
*) fail "tar could not read everything (exit $status): see above" ;;
esac
