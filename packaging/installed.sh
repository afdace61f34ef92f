# What `make install`, `make uninstall` and `make deb` know about an installed gateway; read by their scripts.

# units PREFIX: the units that are enabled when they come; templates are enabled by instance, by hand.
units() {
  for unit in "$1"/lib/systemd/system/relou-*; do
    case $unit in *@.*) continue ;; esac
    ! grep -qs '^\[Install\]' "$unit" || echo "${unit##*/}"
  done
}

# take_away PREFIX: remove the program's files. All have our name in theirs, so that no list of them is kept.
take_away() {
  rm -rf "$1/lib/relou-gateway" "$1/share/doc/relou-gateway"
  rm -f "$1/bin/relou-gateway" "$1"/lib/systemd/system/relou-* "$1"/lib/udev/rules.d/*relou* \
    "$1/share/man/man1/relou-gateway.1.gz"
}

# packaged: whether the Debian package is installed here.
packaged() {
  case $(dpkg-query -W -f '${db:Status-Abbrev}' relou-gateway 2>/dev/null) in
    "" | ?n* | ?c*) false ;;  # nothing, or no more than its configuration
  esac
}
