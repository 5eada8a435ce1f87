# What follows is the same in every kit. POSIX; needs cp, mv, ln, mkdir, tar, sha256sum, and podman or skopeo for pulls.

ONLY=
MODE=run
ASK=yes
STOPPED=
HELD=
WRITTEN=
FAILED=0
RUN=${XDG_RUNTIME_DIR:-/run}/storage.repair # podman takes no run root of more than 50 characters
TAB=$(printf '\t')

usage() {
    cat <<'END'
usage: repair.sh [--yes] [--dry-run] [--only N] [--store DIR] | --undo

  --dry-run    print every step and what it would change; change nothing
  --yes        do not ask before steps that pull or lose something
  --only N     do step N alone (engines are stopped before and started after it; what was pulled stays while steps are left)
  --store DIR  where the store lies on this node, if not where the head of this script says
  --undo       put back what this script changed in the store
END
}

say() { printf '%s\n' "$*"; }
fail() { printf 'repair: %s\n' "$*" >&2; FAILED=1; }
die() { printf 'repair: %s\n' "$*" >&2; exit 2; }
sum() { if [ -f "$1" ]; then sha256sum <"$1" 2>/dev/null | cut -d ' ' -f 1; fi; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
root() { eval "printf '%s' \"\$S$1\""; }

# is_one_of STORE PATH SUM...: refuse unless the file has one of these digests.
is_one_of() {
    f=$(root "$1")/$2
    shift 2
    found=$(sum "$f")
    if [ -z "$found" ]; then found=absent; fi
    for known in "$@"; do
        if [ "$found" = "$known" ]; then return 0; fi
    done
    die "$f is not the file of the bundle: another store, or written since. Capture the node again and make a new kit."
}

# last_writer STORE PATH SUM: an engine has written since the capture, though the records are the same: a person decides.
last_writer() {
    f=$(root "$1")/$2
    if [ -e "$W/journal" ] || [ -n "$WRITTEN" ] || [ "$(sum "$f")" = "$3" ]; then return 0; fi
    WRITTEN=yes
    say "note: an engine has written the store since the capture ($f); its records are those of the bundle"
    if [ "$MODE" = run ] && [ -n "$ASK" ]; then
        printf '   Go on? A new capture and a new kit are surer. [y/N] '
        read -r answer || answer=
        case $answer in y | Y | yes) ;; *) die "not done: the store was written since the capture" ;; esac
    fi
}

while [ $# -gt 0 ]; do
    case $1 in
    --yes) ASK= ;;
    --dry-run) MODE=dry ;;
    --undo) MODE=undo ;;
    --only) shift; ONLY=${1:-} ;;
    --store) shift; move_store "${1:-}" ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
    [ $# -gt 0 ] && shift
done
case $ONLY in *[!0-9]*) die "--only takes the number of a step" ;; esac

# note ACT PATH: remember a change for --undo; its old state lies under aside/ by then.
note() { printf '%s%s%s\n' "$1" "$TAB" "$2" >>"$W/journal"; }
noted() { grep -qxF "$1$TAB$2" "$W/journal" 2>/dev/null; }

# above PATH: make the directories above it that are missing, and remember them for --undo.
above() {
    if [ -d "${1%/*}" ]; then return 0; fi
    above "${1%/*}" && mkdir -m 700 -- "${1%/*}" && own "${1%/*}" "$(dirname "${1%/*}")" && note made "${1%/*}"
}

# keep PATH: move what is there out of the store, the first state for good.
keep() {
    mkdir -p -m 700 -- "$W/aside${1%/*}" || return 1
    if there "$W/aside$1.was"; then
        rm -rf -- "$1"
    elif there "$1"; then
        mv -- "$1" "$W/aside$1.was" || return 1
    fi
}

# Each act below says in its first argument whether it only looks: `ok`, `show` or `go`.

put() { # put HOW STORE PATH MODE SUM FILE: a file of the kit
    p=$(root "$2")/$3
    case $1 in
    ok) # also where an engine has written it anew since
        [ "$(sum "$p")" = "$5" ] || { noted changed "$p" && [ "$(sum "$p")" != "$(sum "$W/aside$p.was")" ]; }
        ;;
    show) say "    write $p" ;;
    go)
        [ "$(sum "$KIT/files/$6")" = "$5" ] || { fail "$KIT/files/$6 is not the file of this kit"; return 1; }
        if ! above "$p" || ! mkdir -p -m 700 -- "$W/aside${p%/*}"; then return 1; fi
        if there "$p" && ! there "$W/aside$p.was"; then cp -a -- "$p" "$W/aside$p.was" || return 1; fi
        note changed "$p"
        if [ -d "$p" ] || [ -L "$p" ]; then rm -rf -- "$p"; fi
        cp -- "$KIT/files/$6" "$p.new" && chmod "$4" "$p.new" && own "$p.new" "${p%/*}" && mv -f -- "$p.new" "$p"
        ;;
    esac
}

own() { # own PATH LIKE: give a new file the owner of the directory it lies in
    chown "$(stat -c %u:%g "$2")" "$1" 2>/dev/null || :
}

symlink() { # symlink HOW STORE PATH TARGET
    p=$(root "$2")/$3
    case $1 in
    ok) [ "$(readlink "$p" 2>/dev/null)" = "$4" ] ;;
    show) say "    link $p -> $4" ;;
    go)
        above "$p" && keep "$p" && note changed "$p" && ln -sfn -- "$4" "$p" && chown -h "$(stat -c %u:%g "${p%/*}")" "$p"
        ;;
    esac
}

folder() { # folder HOW STORE PATH MODE
    p=$(root "$2")/$3
    case $1 in
    ok) [ -d "$p" ] || case $p in */merged) noted changed "$p" ;; *) false ;; esac ;; # an engine removes it
    show) say "    make $p" ;;
    go)
        if there "$p"; then keep "$p" || return 1; fi
        above "$p" && mkdir -m "$4" -- "$p" && own "$p" "${p%/*}" && note changed "$p"
        ;;
    esac
}

aside() { # aside HOW STORE PATH
    p=$(root "$2")/$3
    case $1 in
    ok) ! there "$p" || noted aside "$p" ;; # what is there now is new
    show) say "    move $p to $W/aside$p.was" ;;
    go) keep "$p" && note aside "$p" ;;
    esac
}

rename() { # rename HOW STORE PATH NEW
    p=$(root "$2")/$3 q=$(root "$2")/$4
    case $1 in
    ok) there "$q" ;;
    show) say "    rename $p to $q" ;;
    go) there "$p" && mv -- "$p" "$q" && note renamed "$p$TAB$q" ;;
    esac
}

double() { # double HOW STORE PATH COPY
    p=$(root "$2")/$3 q=$(root "$2")/$4
    case $1 in
    ok) there "$q" ;;
    show) say "    copy $p to $q" ;;
    go) cp -a -- "$p" "$q" && note changed "$q" ;;
    esac
}

mode() { # mode HOW STORE PATH MODE OWNER
    p=$(root "$2")/$3
    case $1 in
    ok)
        case $5 in
        -*) [ "$(stat -c %a "$p" 2>/dev/null)" = "$4" ] ;;
        *) [ "$(stat -c %a:%u:%g "$p" 2>/dev/null)" = "$4:$5" ] ;;
        esac
        ;;
    show) say "    chmod $4, chown $5 $p" ;;
    go)
        note "mode$TAB$(stat -c %a "$p")$TAB$(stat -c %u:%g "$p")" "$p"
        case $5 in -*) ;; *) chown -h "$5" "$p" || return 1 ;; esac
        chmod "$4" "$p"
        ;;
    esac
}

piece() { # piece HOW STORE PATH SOURCE MODE OWNER [dir]: one file of a layer, out of another layer
    p=$(root "$2")/$3 q=$(root "$2")/$4
    case $1 in
    ok) noted piece "$p" ;;
    show) say "    copy $q to $p, owner $6" ;;
    go)
        if [ "${7:-}" = dir ]; then
            there "$p" || mkdir -m "$5" -- "$p" || return 1
            chown -h "$6" "$p" && chmod "$5" "$p" && note piece "$p"
            return
        fi
        rm -rf -- "$p.new" && cp -a -- "$q" "$p.new" && chown -h "$6" "$p.new" || return 1
        if [ "$5" != - ]; then chmod "$5" "$p.new" || return 1; fi
        keep "$p" && mv -- "$p.new" "$p" && note piece "$p"
        ;;
    esac
}

attribute_of() { # attribute_of NAME PATH: its value in hex, `-` where there is none
    if command -v getfattr >/dev/null 2>&1; then
        v=$(getfattr -h -e hex --absolute-names -n "$1" -- "$2" 2>/dev/null | sed -n 's/^[^=]*=\(0x.*\)$/\1/p')
    else
        v=$(python3 -c 'import os, sys; print("0x" + os.getxattr(sys.argv[2], sys.argv[1], follow_symlinks=False).hex())' "$1" "$2" 2>/dev/null)
    fi
    printf '%s' "${v:--}"
}

set_attribute() { # set_attribute NAME VALUE PATH
    if command -v setfattr >/dev/null 2>&1; then
        case $2 in -) setfattr -h -x "$1" -- "$3" ;; *) setfattr -h -n "$1" -v "$2" -- "$3" ;; esac
    else # the package attr is not everywhere
        case $2 in
        -) python3 -c 'import os, sys; os.removexattr(sys.argv[2], sys.argv[1], follow_symlinks=False)' "$1" "$3" ;;
        *) python3 -c 'import os, sys; os.setxattr(sys.argv[3], sys.argv[1], bytes.fromhex(sys.argv[2][2:]), follow_symlinks=False)' "$1" "$2" "$3" ;;
        esac
    fi
}

attribute() { # attribute HOW STORE PATH NAME VALUE
    p=$(root "$2")/$3
    case $1 in
    ok) [ "$(attribute_of "$4" "$p")" = "$5" ] ;;
    show) say "    set $4 of $p" ;;
    go)
        old=$(attribute_of "$4" "$p")
        note "attribute$TAB$4$TAB$old" "$p" && set_attribute "$4" "$5" "$p"
        ;;
    esac
}

take() { # take HOW STORE PATH SUM: from the donor
    p=$(root "$2")/$3
    case $1 in
    ok)
        if [ -n "$4" ]; then [ "$(sum "$p")" = "$4" ]; else noted taken "$p"; fi
        ;;
    show) say "    take $p from the donor" ;;
    go)
        there "$W/donor/$3" || { fail "the donor has no $3: it stays as it is"; return 1; }
        if [ -n "$4" ] && [ "$(sum "$W/donor/$3")" != "$4" ]; then
            fail "the donor's $3 is another one: it stays as it is"
            return 1
        fi
        above "$p" && rm -rf -- "$p.new" && cp -a -- "$W/donor/$3" "$p.new" || return 1
        if ! keep "$p" || ! mv -- "$p.new" "$p"; then
            rm -rf -- "$p.new"
            return 1
        fi
        note taken "$p"
        if command -v restorecon >/dev/null 2>&1; then restorecon -RF "$p" >/dev/null 2>&1; fi
        ;;
    esac
}

# pull STEP WANTED REFERENCE...: the first that a registry gives and that brings what is wanted, into the donor root.
pull() {
    number=$1 wanted=$2
    shift 2
    if ! [ -e "$W/donor.conf" ]; then
        printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrootless_storage_path = "%s"\nrunroot = "%s"\n[storage.options]\n%s\n' "$DRIVER" "$W/donor" "$W/donor" "$RUN" \
            'pull_options = {enable_partial_images = "true", use_hard_links = "false", ostree_repos = ""}' >"$W/donor.conf" || return 1
    fi
    auth=
    for f in "${REGISTRY_AUTH_FILE:-}" /var/lib/kubelet/config.json; do
        if [ -z "$auth" ] && [ -n "$f" ] && [ -r "$f" ]; then auth=$f; fi
    done
    for name in "$@"; do
        say "    pull $name"
        if command -v podman >/dev/null 2>&1; then
            if [ "$(CONTAINERS_STORAGE_CONF=$W/donor.conf podman info --format '{{.Store.GraphRoot}}')" != "$W/donor" ]; then
                fail "podman would pull into another root than $W/donor"
                return 1
            fi
            CONTAINERS_STORAGE_CONF=$W/donor.conf podman pull -q ${auth:+--authfile "$auth"} -- "$name" && brought && return 0
        elif command -v skopeo >/dev/null 2>&1; then
            CONTAINERS_STORAGE_CONF=$W/donor.conf skopeo copy -q ${auth:+--src-authfile "$auth"} -- "docker://$name" \
                "containers-storage:[$DRIVER@$W/donor+$RUN]$name" && brought && return 0
        else
            fail "neither podman nor skopeo is here to pull with"
            return 1
        fi
    done
    fail "no registry has the image: what it would repair stays as it is ($number)"
    return 1
}

brought() { # whether the donor has every path of $wanted: a tag may stand for another image by now
    for piece in $wanted; do
        there "$W/donor/$piece" || twin "$piece" || { say "    it is another image now"; return 1; }
    done
}

# twin PATH: find a layer that this pull gave another id by its digests, and give it the id of the store: layers that
# were pulled in part are named after their tables of contents.
twin() {
    for digest in $(digests_of "${1##*/}"); do
        other=$(tr '{' '\n' <"$W/donor/$DRIVER-layers/layers.json" | grep -F "\"$digest\"" | sed -n 's/^"id":"\([0-9a-f]*\)".*/\1/p' | head -n 1)
        if [ -n "$other" ] && there "$W/donor/${1%/*}/$other"; then
            say "    layer ${1##*/} came as $other"
            split=$W/donor/$DRIVER-layers
            if there "$split/$other.tar-split.gz"; then cp -- "$split/$other.tar-split.gz" "$split/${1##*/}.tar-split.gz" || return 1; fi
            cp -a -- "$W/donor/${1%/*}/$other" "$W/donor/$1"
            return
        fi
    done
    return 1
}

drop_donor() {
    umount "$W/donor/$DRIVER" 2>/dev/null
    rm -rf -- "$W/donor" "$W/enter" "$RUN" 2>/dev/null || :
}

stop() { # stop UNIT...: and remember which of them ran
    for unit in "$@"; do
        # shellcheck disable=SC2086
        if systemctl $USER_UNITS is-active --quiet "$unit" 2>/dev/null; then
            say "    stop $unit"
            systemctl $USER_UNITS stop "$unit" || { fail "$unit does not stop"; exit 1; }
            STOPPED="$unit $STOPPED"
        fi
    done
}

again() { # the trap: start what was stopped, unless an index is not what it should be
    if [ -n "$STOPPED" ]; then
        if [ -n "$HELD" ]; then
            printf 'repair: not started again: %s- an index could not be written, and an engine that starts now deletes what it does not name\n' "$STOPPED" >&2
        else
            # shellcheck disable=SC2086
            systemctl $USER_UNITS start $STOPPED || printf 'repair: start by hand: %s\n' "$STOPPED" >&2
        fi
        STOPPED=
    fi
}

wanted() { [ -z "$ONLY" ] || [ "$ONLY" = "$1" ]; }

# pending: tell whether any edit is still to do.
pending() {
    PENDING=
    NEEDED=
    edits ok
    [ -n "$PENDING" ]
}

# left: tell whether any step is still to do, whichever was asked for.
left() {
    saved=$ONLY
    ONLY=
    pending
    still=$?
    ONLY=$saved
    return $still
}

# act WHAT...: one edit, in the way that $HOW says.
act() {
    what=$1
    shift
    if "$what" ok "$@"; then return 0; fi
    case $HOW in
    ok)
        PENDING=1
        if [ "$what" = take ]; then NEEDED=1; fi
        ;;
    show) "$what" show "$@" ;;
    go)
        "$what" show "$@"
        "$what" go "$@" || { fail "not done: $what $2"; return 1; }
        ;;
    esac
}

# needs PATH EDIT...: an edit that stands for something pulled is left out where that was not pulled.
needs() {
    wait_for=$W/donor/$1
    shift
    if [ "$HOW" = go ] && ! there "$wait_for"; then return 0; fi
    "$@"
}

# if_gone LAYER PATH EDIT...: an edit that is for what is gone on the node, not only in the bundle.
if_gone() {
    if [ -e "$W/gone-$1" ] || ! there "$S0/$2"; then
        shift 2
        "$@"
    fi
}

# index WHAT...: an edit without which no engine may start.
index() { act "$@" || HELD=1; }

edits() {
    HOW=$1
    steps
}

# step NUMBER RISK TEXT: say what comes, and ask before it where something is at stake.
step() {
    wanted "$1" || return 1
    [ "$HOW" = ok ] && return 0
    say "$1. $3"
    if [ "$HOW" = go ] && [ -n "$ASK" ] && [ "$2" != none ]; then
        printf '   %s. Do it? [y/N] ' "$2"
        read -r answer || answer=
        case $answer in y | Y | yes) ;; *) say "   left out"; return 1 ;; esac
    fi
}

setting() { # setting NUMBER RISK TEXT DONE COMMAND: something of the node beside the store
    if noted setting "$1" || sh -c "$4" 2>/dev/null; then return 0; fi
    case $HOW in
    ok) if wanted "$1"; then PENDING=1; fi ;;
    show) if step "$1" "$2" "$3"; then say "    $5"; fi ;;
    go) if step "$1" "$2" "$3"; then if sh -c "$5"; then note setting "$1"; else fail "step $1 did not work"; fi; fi ;;
    esac
}

# mine: what an earlier kit for this store kept goes aside, so that each kit undoes its own changes.
mine() {
    if ! [ -s "$W/kit" ] || [ "$(cat "$W/kit")" = "$ME" ]; then return 0; fi
    case $MODE in
    undo) W=$W-$ME ;;
    run) mv -- "$W" "$W-$(cat "$W/kit")" || die "cannot move $W out of the way" ;;
    dry) W=$W-$ME ;;
    esac
}

undo() {
    [ -s "$W/journal" ] || die "nothing to undo: $W has no journal"
    stop_engines
    sed '1!G;h;$!d' "$W/journal" >"$W/journal.back"
    while IFS=$TAB read -r what p q r; do
        case $what in
        renamed) mv -- "$q" "$p" || fail "cannot rename $q back" ;;
        mode) if ! chown -h "$q" "$r" || ! chmod "$p" "$r"; then fail "cannot set $r back"; fi ;;
        setting) back "$p" || fail "step $p changed something of the node that stays as it is now" ;;
        attribute) set_attribute "$p" "$q" "$r" || fail "cannot set $p of $r back" ;;
        made)
            rm -f -- "$p"/*.lock # engines make them anywhere
            rmdir -- "$p" 2>/dev/null || :
            ;;
        *)
            # a path that was changed twice is put back once: its first state was kept
            if there "$W/aside$p.was"; then
                rm -rf -- "$p"
                mv -- "$W/aside$p.was" "$p" || fail "cannot put $p back"
            elif ! grep -qxF -e "$p" "$W/back" 2>/dev/null; then
                rm -rf -- "$p"
            fi
            printf '%s\n' "$p" >>"$W/back"
            ;;
        esac
    done <"$W/journal.back"
    rm -f -- "$W/journal" "$W/journal.back" "$W/back"
    say "undone"
    exit "$FAILED"
}

# --- the run

[ -d "$S0" ] || die "$S0 is not there: where is the store? (--store DIR)"
mine
trap again EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ "$MODE" = undo ]; then undo; fi
if ! pending; then
    say "this kit has nothing to repair in the store"
    if [ "$MODE" = run ]; then fetch; fi
    exit "$FAILED"
fi
same_store
if [ "$MODE" = dry ]; then
    HOW=show
    pulls
    edits show
    exit 0
fi
if ! cp --version 2>/dev/null | grep -q coreutils && [ -n "$PULLS" ]; then
    die "the cp of this node does not keep attributes of files: GNU coreutils are needed"
fi
mkdir -p -m 700 -- "$W" || die "cannot make $W"
printf '%s\n' "$ME" >"$W/kit"
marks
if [ -n "$NEEDED" ]; then
    HOW=go
    pulls
fi
stop_engines
same_store
for n in $STORES; do
    if ! [ -e "$W/kept-$n-$KEPT.tar" ]; then
        (cd "$(root "$n")" && tar -cf "$W/kept-$n-$KEPT.tar" ./*-layers ./*-images ./*-containers ./overlay/*/link ./overlay/*/lower ./overlay/l 2>/dev/null)
        [ -s "$W/kept-$n-$KEPT.tar" ] || die "cannot keep the records of $(root "$n") in $W"
    fi
done
say "records kept in $W"
edits go
if [ -n "$ONLY" ] && left; then
    again
    if [ "$FAILED" = 0 ]; then say "step $ONLY is done; others are left"; fi
    exit "$FAILED"
fi
drop_donor
again
fetch
look
if [ "$FAILED" = 0 ]; then
    say "done. Capture the node again and let analyzer read it; $W keeps what was replaced (--undo), remove it when all is well."
else
    say "some of it was not done, see above"
fi
exit "$FAILED"
