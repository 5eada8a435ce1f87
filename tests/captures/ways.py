"""Ways in which people capture a store: shell text that runs in the directory that holds it and writes `$OUT`.

`$TOPS` are the names at the top of the directory (`storage`, or `etc var run`), `$WORK` an empty directory on the same
file system. What a way makes is a tar, or a directory. Programs that Debian does not install everywhere are named by
the way, so that it is skipped with a reason where they are absent.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tests.captures.stores import SKIP

GOOD = "tar --xattrs --xattrs-include='*' --numeric-owner -cf $OUT"
BACK = "tar --xattrs --xattrs-include='*' --numeric-owner -cf $OUT -C $WORK ."
HOME_OF = (
    'd=$(find . -maxdepth 6 -type d \\( -name overlay-layers -o -name vfs-layers \\) | head -1)\nd=$(dirname "$d")'
)
PLAIN = "mkdir $WORK/x; find $TOPS \\( -type f -o -type d \\) -print0 | tar --null --no-recursion -T - -cf -"
LINKED = "mkdir $WORK/x; find $TOPS \\( -type f -o -type d -o -type l \\) -print0"
COPY = "mkdir $WORK/all; cp -a $TOPS $WORK/all/"


@dataclass(frozen=True)
class Way:
    """One way; `needs` are programs, `says` a word that the report's account of the capture must have."""

    name: str
    script: str
    needs: tuple[str, ...] = ()


def _way(name: str, script: str, *needs: str) -> Way:
    return Way(name, script, needs)


def _python(text: str) -> str:
    head = "import os, sys, tarfile\nout, tops = os.environ['OUT'], os.environ['TOPS'].split()"
    return f"python3 - <<'PY'\n{head}\n{text}\nPY"


FORMATS = [
    _way("tar-xattrs", f"{GOOD} $TOPS"),
    *(
        _way(f"tar-{name}", f"tar --format={name} -cf $OUT $TOPS || true")
        for name in ("gnu", "oldgnu", "pax", "ustar", "v7")
    ),
    *(
        _way(f"tar-attributes-{name}", f"tar --xattrs --xattrs-include='{pattern}' -cf $OUT $TOPS")
        for name, pattern in (("trusted", "trusted.*"), ("security", "security.*"), ("overlay", "trusted.overlay.*"))
    ),
    _way("tar-dot", "tar -cf $OUT ."),
    _way("tar-absolute", "tar -P -cf $OUT $PWD/*"),
    _way("tar-gzip", "tar -czf $OUT $TOPS"),
    _way("tar-hard-dereference", "tar --hard-dereference -cf $OUT $TOPS"),
    _way("tar-sparse", "find $TOPS -type f -print0 | xargs -0 sync; tar --sparse -cf $OUT $TOPS"),
    _way("tar-sort-mtime", "tar --sort=name --mtime='2024-01-01 UTC' -cf $OUT $TOPS"),
    _way("tar-owner-root", "tar --owner=0 --group=0 -cf $OUT $TOPS"),
    _way("tar-owner-user", "tar --owner=1000 --group=1000 -cf $OUT $TOPS"),
    _way("tar-append", "set -- $TOPS; tar -cf $OUT $1; for each; do tar -rf $OUT $each; done"),
    _way("tar-newer", "tar --newer-mtime='1 hour ago' -cf $OUT $TOPS 2>/dev/null || true"),
    _way("tar-incremental", "tar --listed-incremental=$WORK/state -cf $OUT $TOPS"),
    _way("tar-incremental-second", "tar -g $WORK/state -cf $WORK/first $TOPS; tar -g $WORK/state -cf $OUT $TOPS"),
    _way("tar-no-recursion-find", "find $TOPS -print0 | tar --null --no-recursion -T - -cf $OUT"),
    _way("tar-one-by-one", "tar -cf $OUT $(ls -d */*)"),
    _way("tar-inside", f"{HOME_OF}\ntar -cf $OUT -C $d ."),
    _way("bsdtar", "bsdtar -cf $OUT $TOPS", "bsdtar"),
    _way("bsdtar-ustar", "bsdtar --format=ustar -cf $OUT $TOPS || true", "bsdtar"),
    _way("bsdtar-gnutar", "bsdtar --format=gnutar -cf $OUT $TOPS || true", "bsdtar"),
    _way("busybox-tar", "busybox tar -cf $OUT $TOPS", "busybox"),
    _way("busybox-tar-deref", "busybox tar -chf $OUT $TOPS 2>/dev/null || true", "busybox"),
    *(
        _way(
            f"tarfile-{name}",
            _python(
                f"with tarfile.open(out, 'w', format=tarfile.{name.upper()}_FORMAT) as t:\n"
                "    for top in tops: t.add(top)"
            ),
        )
        for name in ("pax", "gnu")
    ),
    _way(
        "tarfile-dereference",
        _python(
            "def add(t, p):\n    try: t.add(p, recursive=False)\n    except OSError: return\n"
            "    if os.path.isdir(p) and not os.path.islink(p) and p.count('/') < 30:\n"
            "        for n in sorted(os.listdir(p)): add(t, p + '/' + n)\n"
            "with tarfile.open(out, 'w', dereference=True) as t:\n    for top in tops: add(t, top)"
        ),
    ),
    *(
        _way(
            f"cpio-{name}",
            f"find $TOPS -depth -print0 | cpio -0 -o -H {name} 2>/dev/null >$WORK/a || true; mkdir $WORK/x; cd $WORK/x;"
            " cpio -idm --no-absolute-filenames <$WORK/a 2>/dev/null || true; tar -cf $OUT $TOPS",
            "cpio",
        )
        for name in ("newc", "odc", "ustar", "bin")
    ),
    _way(
        "zip",
        "zip -qr $WORK/a.zip $TOPS 2>/dev/null || true; mkdir $WORK/x; cd $WORK/x; unzip -qo ../a.zip || true;"
        " tar -cf $OUT $TOPS",
        "zip",
        "unzip",
    ),
    _way(
        "zip-symlinks",
        "zip -qry $WORK/a.zip $TOPS 2>/dev/null || true; mkdir $WORK/x; cd $WORK/x;"
        " unzip -qo ../a.zip || true; tar -cf $OUT $TOPS",
        "zip",
        "unzip",
    ),
    _way(
        "zip-python",
        "mkdir $WORK/x; python3 -m zipfile -c $WORK/a.zip $TOPS 2>/dev/null || exit 77;"
        " python3 -m zipfile -e $WORK/a.zip $WORK/x; cd $WORK/x; tar -cf $OUT $TOPS",
    ),
    _way(
        "7z",
        "7zz a -bd -snl -xr!backingFsBlockDev $WORK/a.7z $TOPS >/dev/null 2>&1 || true; mkdir $WORK/x; cd $WORK/x;"
        " 7zz x -bd ../a.7z >/dev/null 2>&1 || true; tar -cf $OUT $TOPS",
        "7zz",
    ),
]

COPIES = [
    _way("cp-a", f"{COPY}; cd $WORK/all; {GOOD} $TOPS"),
    _way("cp-r", "mkdir $WORK/all; cp -r $TOPS $WORK/all/; cd $WORK/all; tar -cf $OUT $TOPS"),
    _way("cp-r-directory", "mkdir $OUT; cp -r $TOPS $OUT/"),
    _way("cp-rL", "mkdir $WORK/all; cp -rL $TOPS $WORK/all/ 2>/dev/null; cd $WORK/all; tar -cf $OUT $TOPS"),
    _way("cp-rp", "mkdir $WORK/all; cp -rp $TOPS $WORK/all/; cd $WORK/all; tar -cf $OUT $TOPS"),
    _way("cp-r-umask-077", "umask 077; mkdir $WORK/all; cp -r $TOPS $WORK/all/; cd $WORK/all; tar -cf $OUT $TOPS"),
    _way(
        "cp-r-no-devices",
        "mkdir $WORK/all; cp -r $TOPS $WORK/all/ 2>/dev/null; cd $WORK/all;"
        " find . -type c -delete; find . -type b -delete; tar -cf $OUT $TOPS",
    ),
    _way("rsync-aHAX", "rsync -aHAX $TOPS $WORK/; cd $WORK; tar --xattrs --xattrs-include='*' -cf $OUT $TOPS", "rsync"),
    _way("rsync-a", "rsync -a $TOPS $WORK/; cd $WORK; tar -cf $OUT $TOPS", "rsync"),
    _way("rsync-r", "rsync -r $TOPS $WORK/ 2>/dev/null; cd $WORK; tar -cf $OUT $TOPS", "rsync"),
    _way("rsync-rl", "rsync -rl $TOPS $WORK/ 2>/dev/null; cd $WORK; tar -cf $OUT $TOPS", "rsync"),
    _way("rsync-rlpt", "rsync -rlpt $TOPS $WORK/ 2>/dev/null; cd $WORK; tar -cf $OUT $TOPS", "rsync"),
    _way(
        "rsync-rlptgo-xattrs",
        "rsync -rlptgoX $TOPS $WORK/ 2>/dev/null; cd $WORK; tar --xattrs --xattrs-include='*' -cf $OUT $TOPS",
        "rsync",
    ),
    _way("rsync-rt-L", "rsync -rtL $TOPS $WORK/ 2>/dev/null; cd $WORK; tar -cf $OUT $TOPS", "rsync"),
    _way("rsync-max-size", "rsync -aHAX --max-size=1500 $TOPS $WORK/; cd $WORK; tar -cf $OUT $TOPS", "rsync"),
    _way(
        "rsync-exclude",
        "rsync -aHAX --exclude '*.log' --exclude share $TOPS $WORK/; cd $WORK; tar -cf $OUT $TOPS",
        "rsync",
    ),
    _way("rsync-safe-links", "rsync -a --safe-links $TOPS $WORK/; cd $WORK; tar -cf $OUT $TOPS", "rsync"),
    _way("rsync-copy-dirlinks", "rsync -aHAXk $TOPS $WORK/; cd $WORK; tar -cf $OUT $TOPS", "rsync"),
    _way(
        "rsync-copy-unsafe-links",
        "rsync -a --copy-unsafe-links $TOPS $WORK/ 2>/dev/null; cd $WORK; tar -cf $OUT $TOPS",
        "rsync",
    ),
    _way(
        "tarfile-one-by-one",
        "tar -cf $WORK/a $TOPS; "
        + _python(
            "with tarfile.open(os.environ['WORK'] + '/a') as t:\n    for member in t:\n"
            "        try: t.extract(member, out, filter='data')\n        except (OSError, tarfile.TarError): pass"
        ),
    ),
    _way("rsync-munge-links", "rsync -a --munge-links $TOPS $WORK/; cd $WORK; tar -cf $OUT $TOPS", "rsync"),
    _way("rsync-prune-empty", "rsync -aHAXm $TOPS $WORK/; cd $WORK; tar -cf $OUT $TOPS", "rsync"),
    _way(
        "sftp-get",
        f"{PLAIN} | tar -C $WORK/x --no-same-owner -xf -; cd $WORK/x; find . -type d -exec chmod 755 {{}} +;"
        " find . -type f -exec chmod 644 {} +; find . -exec touch {} +; tar -cf $OUT $TOPS",
    ),
    _way("sftp-get-p", f"{PLAIN} | tar -C $WORK/x --no-same-owner -xpf -; cd $WORK/x; tar -cf $OUT $TOPS"),
    _way(
        "scp-r",
        f"{LINKED} | tar -h --null --no-recursion -T - -cf - 2>/dev/null | tar -C $WORK/x --no-same-owner -xf -; true;"
        " cd $WORK/x; tar --owner=1000 --group=1000 -cf $OUT $TOPS",
    ),
    _way("kubectl-cp", f"{PLAIN} | tar -C $WORK/x --no-same-owner -xf -; cd $WORK/x; tar -cf $OUT $TOPS"),
    _way(
        "user-untar",
        f"{LINKED} | tar --null --no-recursion -T - -cf - | tar -C $WORK/x --no-same-owner --no-same-permissions -xf -;"
        " cd $WORK/x; tar --owner=1000 --group=1000 -cf $OUT $TOPS",
    ),
    _way("directory", "mkdir $OUT; cp -a $TOPS $OUT/"),
]

ALTERED = [
    _way(f"copy-chmod-{name}", f"{COPY}; cd $WORK/all; {change}; {GOOD} $TOPS")
    for name, change in (
        ("readable", "chmod -R a+rX ."),
        ("777", "chmod -R 777 . 2>/dev/null"),
        ("plain", "find . -type d -exec chmod 755 {} +; find . -type f -exec chmod 644 {} +"),
    )
]
ALTERED += [
    _way(
        "busybox-cpio",
        "find $TOPS | busybox cpio -o -H newc 2>/dev/null >$WORK/a; mkdir $WORK/x; cd $WORK/x;"
        " busybox cpio -idum <../a 2>/dev/null; tar -cf $OUT $TOPS",
        "busybox",
    ),
    _way(
        "bsdtar-xar",
        "bsdtar --format=xar -cf $WORK/a $TOPS 2>/dev/null; mkdir $WORK/x; cd $WORK/x; bsdtar -xpf ../a 2>/dev/null;"
        " tar -cf $OUT $TOPS",
        "bsdtar",
    ),
    _way(
        "links-censored",
        _python(
            "def censored(info):\n    info.linkname = info.linkname.replace('../', 'XX/')\n"
            "    return info\nwith tarfile.open(out, 'w') as t:\n    for top in tops: t.add(top, filter=censored)"
        ),
    ),
    _way("rsync-ids-by-name", "rsync -aHAX --exclude='[0-3]*' $TOPS $WORK/; cd $WORK; tar -cf $OUT $TOPS", "rsync"),
    _way("copy-symlinks-deleted", f"{COPY}; cd $WORK/all; find . -type l -delete; {GOOD} $TOPS"),
    _way("tar-mode", "tar --mode=u+rwX,go+rX -cf $OUT $TOPS"),
    _way("pax-ustar", "pax -w -x ustar $TOPS >$OUT 2>/dev/null || true", "pax"),
    _way(
        "desktop-files",
        f"{COPY}; cd $WORK/all; find . -type d -exec touch '{{}}/.DS_Store' \\; 2>/dev/null; find . -name '*.json'"
        ' -execdir sh -c \'printf "\\\\0\\\\5\\\\26\\\\7" >"._${1#./}"\' sh {} \\;; '
        f"{GOOD} $TOPS",
    ),
    _way(
        "no-link-targets",
        _python(
            "def add(t, path):\n    info = t.gettarinfo(path)\n    if info is None: return\n"
            "    if info.issym(): info.linkname = ''\n"
            "    t.addfile(info, open(path, 'rb') if info.isreg() else None)\n"
            "    for name in sorted(os.listdir(path)) if info.isdir() else (): add(t, path + '/' + name)\n"
            "with tarfile.open(out, 'w') as t:\n    for top in tops: add(t, top)"
        ),
    ),
    _way(
        "case-folded",
        _python(
            "import re, shutil\nfor top in tops:\n    for folder, _, names in os.walk(top):\n"
            "        for name in names:\n"
            "            path = os.path.join(folder, name)\n"
            "            if not os.path.isfile(path) or os.path.islink(path): continue\n"
            "            copy = out + '/' + re.sub(r'[<>:\"|?*\\\\\\n]', '_', path).lower()\n"
            "            os.makedirs(os.path.dirname(copy), exist_ok=True)\n            shutil.copyfile(path, copy)"
        ),
    ),
    _way(
        "newer-files",
        "find $TOPS -newer $(find $TOPS -name layers.json | head -1) -type f -print0 >$WORK/names;"
        " [ -s $WORK/names ] || exit 77; tar --null -T $WORK/names -cf $OUT",
    ),
]

ALTERED += [
    *(
        _way(
            f"zip-itself-{name}", f"zip -qr{options} $WORK/a.zip $TOPS 2>/dev/null || true; mv $WORK/a.zip $OUT", "zip"
        )
        for name, options in (("links", "y"), ("followed", ""), ("no-folders", "yD"))
    ),
    *(
        _way(f"tar-mode-{name}", f"tar --mode='{mode}' -cf $OUT $TOPS")
        for name, mode in (("private", "go="), ("no-writing", "go-w"), ("writable", "u+rwX,go-w"))
    ),
    _way("tar-one-group", "tar --group=65534 -cf $OUT $TOPS"),
    _way("cp-times-alone", "mkdir $WORK/x; cp -R --preserve=timestamps $TOPS $WORK/x/; cd $WORK/x; tar -cf $OUT $TOPS"),
    _way("cp-attributes-only", "mkdir $WORK/x; cp -a --attributes-only $TOPS $WORK/x/; cd $WORK/x; tar -cf $OUT $TOPS"),
    *(
        _way(f"copy-without-{name}", f"{COPY}; cd $WORK/all; {change}; {GOOD} $TOPS")
        for name, change in (
            ("nodes", "find . \\( -type c -o -type b -o -type p \\) -delete"),
            ("empty-folders", "find . -depth -type d -empty -delete"),
            ("empty-files", "find . -type f -empty -delete"),
        )
    ),
    _way(
        "volumes-joined",
        "tar -M -L 60 $(for i in $(seq 200); do echo -f $WORK/v$((1000 + i)); done) -c $TOPS"
        " </dev/null; cat $WORK/v1* >$OUT",
    ),
    _way("a-part-lost", "tar -cf $WORK/a $TOPS; split -b 40k $WORK/a $WORK/p.; rm -f $WORK/p.ab; cat $WORK/p.* >$OUT"),
    _way("nul-in-the-middle", "tar -cf $OUT $TOPS; dd if=/dev/zero of=$OUT bs=512 seek=150 count=40 conv=notrunc"),
    _way(
        "7z-nodes",
        "bsdtar --format=7zip -cf $WORK/a $TOPS 2>/dev/null || true; mkdir $WORK/x; cd $WORK/x;"
        " bsdtar -xpf ../a 2>/dev/null || true; tar -cf $OUT $TOPS",
        "bsdtar",
    ),
    _way(
        "full-disk",
        "truncate -s 1M $WORK/i; mke2fs -q -t ext4 -O ^has_journal $WORK/i; mkdir $WORK/m;"
        " mount -o loop $WORK/i $WORK/m || exit 77; cp -r $TOPS $WORK/m/ 2>/dev/null; cd $WORK/m; tar -cf $OUT *;"
        " cd /; umount $WORK/m",
        "mke2fs",
    ),
    _way(
        "every-tenth-name-lost",
        "find $TOPS | sort | awk 'NR%10' | tar --no-recursion -T - -cf $OUT 2>/dev/null || true",
    ),
]

LISTS = [
    _way(
        "two-files-of-three",
        "(find $TOPS ! -type f; find $TOPS -type f | sort | awk 'NR%3') | tar --no-recursion -T - -cf $OUT 2>/dev/null",
    ),
    _way("files-only", "find $TOPS -type f -print0 | tar --null -T - -cf $OUT"),
    _way("files-and-links", "find $TOPS ! -type d -print0 | tar --null -T - -cf $OUT"),
    _way(
        "files-and-directories",
        "find $TOPS \\( -type f -o -type d \\) -print0 | tar --null --no-recursion -T - -cf $OUT",
    ),
    _way("no-symlinks", "find $TOPS ! -type l -print0 | tar --null --no-recursion -T - -cf $OUT"),
    _way("no-devices", "find $TOPS ! -type c ! -type b -print0 | tar --null --no-recursion -T - -cf $OUT"),
    _way("no-devices-xattrs", f"find $TOPS ! -type c ! -type b -print0 | {GOOD} --null --no-recursion -T -"),
    _way(
        "no-empty-directories",
        "find $TOPS -depth -mindepth 1 ! \\( -type d -empty \\) -print0 | tar --null --no-recursion -T - -cf $OUT",
    ),
    _way("no-empty-files", "find $TOPS ! \\( -type f -empty \\) -print0 | tar --null --no-recursion -T - -cf $OUT"),
    _way("small-files", "find $TOPS \\( ! -type f -o -size -3 \\) -print0 | tar --null --no-recursion -T - -cf $OUT"),
    _way("no-dot-files", "find $TOPS ! -name '.*' -print0 | tar --null --no-recursion -T - -cf $OUT"),
    _way(
        "readable-by-others",
        "find $TOPS \\( -type d -o -type l -o -perm -004 \\) -print0 | tar --null --no-recursion -T - -cf $OUT",
    ),
    _way("max-depth", "find $TOPS -maxdepth 6 -print0 | tar --null --no-recursion -T - -cf $OUT"),
    _way("shell-glob", "tar -cf $OUT $(for t in $TOPS; do ls -d $t/*; done)"),
]


def _exclude(name: str, *patterns: str, more: str = "", dereference: str = "") -> Way:
    text = " ".join(f"--exclude='{each}'" for each in patterns)
    return _way(
        f"exclude-{name}",
        f"tar --xattrs --xattrs-include='*' {dereference} {more} {text} -cf $OUT $TOPS 2>/dev/null || true",
    )


EXCLUDES = [
    _exclude("usr", "usr"),
    _exclude("lib", "*/lib/*", "*.log"),
    _exclude("etc", "*/diff/etc"),
    _exclude("bin", "bin"),
    _exclude("tmp-run-var", "*/tmp/*", "*/run/*", "*/var/*"),
    _exclude("work-merged-empty", "work", "merged", "empty"),
    _exclude("work", "*/work"),
    _exclude("merged", "*/merged"),
    _exclude("empty", "empty"),
    _exclude("diff", "diff"),
    _exclude("diff-contents", "*/diff/*"),
    _exclude("equals", "=*"),
    _exclude("manifest", "manifest"),
    _exclude("sizes-and-splits", "*.gz"),
    _exclude("json", "*.json"),
    _exclude("locks", "*.lock"),
    _exclude("links", "overlay/l"),
    _exclude("link-entries", "overlay/l/*"),
    _exclude("link-files", "link"),
    _exclude("lower-files", "lower"),
    _exclude("hidden", ".*"),
    _exclude("userdata", "userdata"),
    _exclude("overlay", "*/overlay/*", "*/vfs/*"),
    _exclude("overlay-whole", "overlay", "vfs"),
    _exclude("containers", "overlay-containers", "vfs-containers"),
    _exclude("containers-content", "overlay-containers/*", "vfs-containers/*"),
    _exclude("images", "overlay-images", "vfs-images"),
    _exclude("images-content", "overlay-images/*/*"),
    _exclude("layers", "overlay-layers", "vfs-layers"),
    _exclude("backups", "", more="--exclude-backups --exclude-caches --exclude-vcs"),
    _exclude("so", "*.so*"),
    _exclude("conf", "*.conf", "*.cnf"),
    _exclude("volumes", "volumes/*"),
    _exclude("volume-data", "_data"),
    _exclude("libpod", "libpod"),
    _exclude("tar-splits", "*.tar-split.gz"),
    _exclude("shm", "shm"),
    _exclude("whiteout-files", ".wh.*"),
    *(
        _exclude(f"{name}-layer", more=f"$(find $TOPS -path '*/overlay/[0-9a-f]*' -prune | sort | {which})")
        for name, which in (
            ("first", "head -1 | sed s/^/--exclude=/"),
            ("last", "tail -1 | sed s/^/--exclude=/"),
            ("half-of", r"sed -n 's,\(.*/overlay/[0-7]\).*,--exclude=\1*,p' | sort -u"),
        )
    ),
    _exclude("one-of-each", more='$(ls -d */overlay/[0-9a-f]*/diff/*/* | head -1 | sed "s/^/--exclude=/")'),
]

LINKS = [
    _way("tar-dereference", "tar -chf $OUT $TOPS 2>/dev/null || true"),
    _way("tar-dereference-xattrs", "tar -h --xattrs --xattrs-include='*' -cf $OUT $TOPS 2>/dev/null || true"),
    _way("transform-dot", "tar --transform='s,^,./,' -cf $OUT $TOPS"),
    _way("transform-prefix", "tar --transform='s,^,node1/,' -cf $OUT $TOPS"),
    _way("transform-prefix-rh", "tar --transform='s,^,node1/,rh' -cf $OUT $TOPS"),
    _way("transform-rename", "tar --transform='s,storage,backup,' -cf $OUT $TOPS"),
    _way("transform-slash", "tar --transform='s,^/,,' -P -cf $OUT $PWD/*"),
    _way("transform-lower-case", "tar --transform='s/.*/\\L&/' -cf $OUT $TOPS"),
    _way("transform-dotdot", "tar --transform='s,\\.\\./,,' -cf $OUT $TOPS"),
    _way("bsdtar-s", "bsdtar -s ',^,./,' -cf $OUT $TOPS", "bsdtar"),
    _way("bsdtar-s-prefix", "bsdtar -s ',^,copy/,' -cf $OUT $TOPS", "bsdtar"),
    _way("bsdtar-L", "bsdtar -L -cf $OUT $TOPS 2>/dev/null || true", "bsdtar"),
]

REMOVE_CONTAINER = """python3 - "$d" $ALL <<'PY'
import json, pathlib, shutil, sys
root, everything = pathlib.Path(sys.argv[1]), len(sys.argv) > 2
driver = "overlay" if (root / "overlay-layers").exists() else "vfs"
home = root / "vfs" / "dir" if driver == "vfs" else root / driver
index = root / f"{driver}-containers" / "containers.json"
rows = json.loads(index.read_text()) if index.exists() else []
if not rows or not (home / rows[0]["layer"]).exists():
    sys.exit(77)
link = home / rows[0]["layer"] / "link"
if link.exists():
    (home / "l" / link.read_text()).unlink(missing_ok=True)
shutil.rmtree(home / rows[0]["layer"])
if everything:
    shutil.rmtree(root / f"{driver}-containers" / rows[0]["id"], ignore_errors=True)
PY
rc=$?; [ $rc = 0 ] || exit $rc"""
"""What an engine does to a container, seen by a capture that had read the records before; 77 where there is none."""
RACES = [
    _way("race-container-removed", f"{COPY}; cd $WORK/all; {HOME_OF}\n{REMOVE_CONTAINER}\n{GOOD} $TOPS"),
    _way("race-container-all-removed", f"ALL=all; {COPY}; cd $WORK/all; {HOME_OF}\n{REMOVE_CONTAINER}\n{GOOD} $TOPS"),
]

CUTS = [
    _way(
        f"cut-{percent}", f"tar -cf $WORK/a $TOPS; head -c $(( $(stat -c %s $WORK/a) * {percent} / 100 )) $WORK/a >$OUT"
    )
    for percent in (3, 10, 22, 35, 48, 61, 74, 87, 95, 99)
]

ARCHIVES = [
    _way(
        "7z-itself",
        f"{sys.executable} -c 'import py7zr' || exit {SKIP};"
        " 7zz a -bd -snl -xr!backingFsBlockDev -xr!loop $WORK/a.7z $TOPS >/dev/null 2>&1 || true; mv $WORK/a.7z $OUT",
        "7zz",
    ),
]
"""Read as they are."""

WAYS = [*FORMATS, *COPIES, *ALTERED, *LISTS, *EXCLUDES, *LINKS, *RACES, *CUTS, *ARCHIVES]
