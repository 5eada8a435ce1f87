"""Further ways in which a capture reaches its reader: copied, restored, packed again, laid on other file systems.

As in `tests.captures.ways`, each is shell text that runs in the directory that holds a store and writes `$OUT`.
"""

from __future__ import annotations

from tests.captures.ways import COPY, GOOD, Way

PLAIN = "tar -cf $OUT $TOPS"
UNPACK = "chmod 755 $WORK; tar -cf $WORK/a $TOPS; chmod 644 $WORK/a; mkdir $WORK/x; chown 65534 $WORK/x; cd $WORK"
AS_NOBODY = "setpriv --reuid 65534 --regid 65534 --clear-groups"


def _way(name: str, script: str, *needs: str) -> Way:
    return Way(name, script, needs)


def _rsync(name: str, options: str, pack: str = PLAIN) -> Way:
    return _way(f"rsync-{name}", f"rsync {options} $TOPS $WORK/ 2>/dev/null; cd $WORK; {pack}", "rsync")


def _copy(name: str, change: str, pack: str = f"{GOOD} $TOPS", *needs: str) -> Way:
    return _way(f"copy-{name}", f"{COPY}; cd $WORK/all; {change}; {pack}", *needs)


def _python(text: str) -> str:
    return (
        "python3 - <<'PY'\nimport os, shutil, tarfile, unicodedata, zipfile\n"
        f"out, tops, work = os.environ['OUT'], os.environ['TOPS'].split(), os.environ['WORK']\n{text}\nPY"
    )


def _filtered(change: str) -> str:
    return _python(
        f"def f(i):\n    {change}\n    return None if i.isdev() else i\n"
        "with tarfile.open(out, 'w') as t:\n    for top in tops: t.add(top, filter=f)"
    )


HANDED_ON = [
    _rsync("no-perms", "-a --no-perms"),
    _rsync("no-owners", "-a --no-o --no-g"),
    _rsync("chmod", "-a --chmod=Du=rwx,Dgo=rx,Fu=rw,Fgo=r"),
    _rsync("chmod-rlt", "-rlt --chmod=ugo=rwX"),
    _rsync("chown", "-aX --chown=1000:1000"),
    _rsync("fake-super", "-aHX -M--fake-super", f"{GOOD} $TOPS"),
    _rsync("no-folder-times", "-aHAXO", f"{GOOD} $TOPS"),
    _rsync("no-devices", "-aHAX --no-D", f"{GOOD} $TOPS"),
    _rsync("min-size", "-aHAX --min-size=1", f"{GOOD} $TOPS"),
    _rsync("lists", "-aHAX --exclude=*.gz --exclude=*.log --exclude=.git --exclude=cache", f"{GOOD} $TOPS"),
    _rsync("cvs-exclude", "-aHAXC", f"{GOOD} $TOPS"),
    _rsync("nobody", "-aX '--usermap=*:nobody' '--groupmap=*:nogroup'"),
    _way(
        "rsync-interrupted",
        "mkdir $WORK/x; timeout -s INT 0.3 rsync -a --bwlimit=2000 --partial --partial-dir=.~tmp~ $TOPS $WORK/x/;"
        ' cd $WORK/x; [ "$(ls)" ] || exit 77; tar -cf $OUT *',
        "rsync",
    ),
    _copy("to-nobody", "chown -Rh 65534:65534 ."),
    _copy("of-an-smb-share", "find . ! -type f ! -type d -delete; chmod -R 755 .; chown -R 1000:1000 .", PLAIN),
    _copy("group-writes", "chmod -R g+rwX ."),
    _copy("joined-by-hard-links", "hardlink -c . >/dev/null 2>&1 || exit 77", f"{GOOD} $TOPS", "hardlink"),
    _copy("empty-folders-kept", "find . -type d -empty -exec touch {}/.gitkeep \\;", PLAIN),
    _copy("indexed", "find . -type d | awk 'NR%6==0' | while read -r d; do mkdir -p \"$d/@eaDir\"; done", PLAIN),
    _copy(
        "still-open",
        "d=$(find . -path '*/diff' -type d | head -1); [ $d ] || exit 77; touch $d/.nfs0000000012345678000000a1",
    ),
    _copy(
        "index-backups",
        "find . -name layers.json -exec cp -a {} {}.bak \\; ; find . -name images.json -exec cp {} {}~ \\;",
    ),
    _copy(
        "twice", "mkdir $WORK/y; cp -a $WORK/all $WORK/y/first; cp -r $WORK/all $WORK/y/second; cd $WORK/y", f"{GOOD} *"
    ),
    _copy(
        "in-windows-text",
        "find . -name '*.json' ! -path '*/diff/*' -exec perl -pi -e 's/\\r?\\n/\\r\\n/' {} +",
        PLAIN,
    ),
    _copy(
        "by-git",
        "rm -rf $(find . -name .git); git init -q .; git add -A 2>/dev/null;"
        " git -c user.name=a -c user.email=a@b commit -qm x",
        "git archive HEAD >$OUT",
        "git",
    ),
    _way(
        "untar-nobody",
        f"{UNPACK}; {AS_NOBODY} sh -c 'cd x; tar -xf ../a 2>/dev/null; tar -cf - * 2>/dev/null' >$OUT || true",
        "setpriv",
    ),
    _way(
        "untar-nobody-all-modes",
        f"{UNPACK}; {AS_NOBODY} sh -c 'cd x; tar -xpf ../a 2>/dev/null; chmod -R u+rwX .; tar -cf - *' >$OUT"
        " 2>/dev/null || true",
        "setpriv",
    ),
    _way(
        "untar-busybox",
        f"busybox tar -cf $WORK/a $TOPS; mkdir $WORK/x; cd $WORK/x; busybox tar -xf ../a 2>/dev/null; {PLAIN}",
        "busybox",
    ),
    _way("names-of-a-mac", _filtered("i.name = unicodedata.normalize('NFD', i.name); i.uid, i.gid = 501, 20")),
    _way(
        "names-of-an-smb-share",
        _python(
            "import re\nsmb = lambda path: out + '/' + re.sub(r'[<>:\"|?*\\\\]', '_', path)\n"
            "for top in tops:\n    for folder, _, names in os.walk(top):\n"
            "        os.makedirs(smb(folder), exist_ok=True)\n"
            "        for path in (folder + '/' + name for name in names):\n"
            "            if os.path.isfile(path): shutil.copyfile(path, smb(path))"
        ),
    ),
    _way(
        "all-of-one-day",
        _filtered("i.uid = i.gid = 0; i.mtime = 0; i.mode = 0o755 if i.isdir() or i.mode & 0o111 else 0o644"),
    ),
    _way(
        "zip-of-1980",
        _python(
            "with zipfile.ZipFile(out, 'w') as z:\n    for top in tops:\n"
            "        for folder, _, names in os.walk(top):\n"
            "            for name in names:\n                path = folder + '/' + name\n"
            "                if os.path.isfile(path) and not os.path.islink(path):\n"
            "                    i = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)); i.create_system = 0\n"
            "                    z.writestr(i, open(path, 'rb').read())"
        ),
    ),
    _way(
        "contents-alone",
        _python(
            "with tarfile.open(out, 'w') as t:\n    for top in tops:\n        for folder, _, names in os.walk(top):\n"
            "            for path in (folder + '/' + name for name in names):\n"
            "                if not os.path.isfile(path) or os.path.getsize(path) > 64000: continue\n"
            "                i = tarfile.TarInfo(path); i.size = os.path.getsize(path); t.addfile(i, open(path, 'rb'))"
        ),
    ),
    _way("make-archive", _python("os.rename(shutil.make_archive(work + '/a', 'gztar', '.'), out)")),
    _way("make-archive-zip", _python("os.rename(shutil.make_archive(work + '/a', 'zip', '.'), out)")),
    _way("cpio-crc-itself", "find $TOPS -print0 | cpio -0o -H crc 2>/dev/null >$OUT", "cpio"),
    _way(
        "cpio-pass",
        f"mkdir $WORK/x; find $TOPS -depth -print0 | cpio -0pdm $WORK/x 2>/dev/null; cd $WORK/x; {PLAIN}",
        "cpio",
    ),
    _way(
        "bsdtar-plain", "bsdtar --format=pax --no-xattrs --no-acls --no-fflags --uid 0 --gid 0 -cf $OUT $TOPS", "bsdtar"
    ),
    _way("tar-one-file-system", f"{GOOD} --one-file-system $TOPS"),
    _way("tar-mode-no-others", "tar --mode=o= -cf $OUT $TOPS"),
    _way("tar-clamped", "tar --clamp-mtime --mtime='2020-11-30 12:00 UTC' -cf $OUT $TOPS"),
    _way("tar-no-times", "tar --format=pax --pax-option=delete=atime,delete=ctime,delete=mtime -cf $OUT $TOPS"),
    _way("tar-update", "tar -cf $OUT $TOPS; tar -uf $OUT $TOPS 2>/dev/null || true"),
    _way(
        "tar-shuffled", "find $TOPS -print0 | shuf -z --random-source=<(yes) | tar --null --no-recursion -T - -cf $OUT"
    ),
    _way("tars-in-a-row", "for t in $TOPS; do tar -cf $WORK/$t.tar $t; done; cat $WORK/*.tar >$OUT"),
    _way("frames-in-a-row", "for t in $TOPS; do tar -cf - $t | zstd -q; done >$OUT"),
    _way(
        "restored-incremental",
        "mkdir $WORK/x; tar -g $WORK/s -cf $WORK/a $TOPS; tar -g /dev/null -xpf $WORK/a -C $WORK/x; cd $WORK/x;"
        f" {PLAIN}",
    ),
    _way(
        "exclude-secrets",
        f"{GOOD} --exclude='*.key' --exclude='*.pem' --exclude=shadow --exclude='*secret*' --exclude=passwd $TOPS",
    ),
    _way("exclude-large", f"{GOOD} -X <(find $TOPS -type f -size +16k) $TOPS"),
    _way("gzip-cut", "tar -czf $WORK/a $TOPS; head -c $(( $(stat -c %s $WORK/a) * 7 / 10 )) $WORK/a >$OUT"),
    _way(
        "last-part-lost",
        "tar -cf $WORK/a $TOPS; split -b 50k $WORK/a $WORK/p.; rm $(ls $WORK/p.* | tail -1); cat $WORK/p.* >$OUT",
    ),
    _way("a-part-twice", "tar -cf $WORK/a $TOPS; split -b 90k $WORK/a $WORK/p.; set -- $WORK/p.*; cat $1 $1 $* >$OUT"),
    *(
        _copy(f"files-{name}", f"find . -type f -exec chmod {mode} {{}} +")
        for name, mode in (("not-to-run", "a-x"), ("to-run", "a+x"), ("of-one-mode", "644"), ("all-programs", "755"))
    ),
    _copy("joined-by-symlinks", "rdfind -makesymlinks true . >/dev/null; rm -f results.txt", PLAIN, "rdfind"),
    _copy("joined-by-jdupes", "jdupes -rlq . >/dev/null", PLAIN, "jdupes"),
    _copy(
        "by-editor",
        "find . \\( -name link -o -name lower \\) ! -path '*/diff*/*' -exec sed -i -e '$a\\' {} +",
        PLAIN,
    ),
    _copy(
        "with-marks",
        "find . -name '*.json' -path '*-[lic]*/*s.json' -exec sed -i -e '1s/^/\\xef\\xbb\\xbf/' {} +",
        PLAIN,
    ),
    _way(
        "copied-over-a-copy",
        f"mkdir $WORK/all; cp -r $TOPS $WORK/all/; cp -au $TOPS $WORK/all/; cd $WORK/all; {GOOD} $TOPS",
    ),
    _way(
        "owners-by-name",
        _filtered("moved.update({i.uid, i.gid} - {0}); i.uid, i.gid = (n and n + 3 + n % 7 for n in (i.uid, i.gid))")
        .replace("def f", "moved = set()\ndef f")
        .replace("\nPY", "\nraise SystemExit(77 if len({n % 7 for n in moved}) < 2 else 0)\nPY"),
    ),
    _way(
        "zip-of-windows",
        _python(
            "with zipfile.ZipFile(out, 'w') as z:\n    for top in tops:\n"
            "        for folder, _, names in os.walk(top):\n"
            "            for path in (folder + '/' + name for name in names):\n"
            "                if not os.path.isfile(path) or os.path.islink(path): continue\n"
            "                i = zipfile.ZipInfo(path.replace('/', chr(92))); i.create_system = 0\n"
            "                z.writestr(i, open(path, 'rb').read())"
        ),
    ),
    _way(
        "parts-swapped",
        "tar -cf $WORK/a $TOPS; split -b 70k $WORK/a $WORK/p.; set -- $WORK/p.*; one=$1; shift;"
        ' [ $# -gt 2 ] || exit 77; two=$1; three=$2; shift 2; cat $one $three $two "$@" >$OUT',
    ),
    _way(
        "part-of-frames-lost",
        "tar -cf $WORK/a $TOPS; split -b 45k $WORK/a $WORK/p.; rm -f $WORK/p.ab;"
        " for p in $WORK/p.*; do gzip -c $p; done >$OUT",
    ),
    _copy(
        "without-contents",
        "[ $(ls -d */overlay/*/diff */lib/*/*/overlay/*/diff */dir/* 2>/dev/null | wc -l) -gt 3 ] || exit 77;"
        " find . -path '*/diff*/*' -type f -exec truncate -s 0 {} +",
    ),
    _copy("heads-of-files", "find . -path '*/diff*/*' -type f -size +2k -exec truncate -s 2048 {} +"),
]
