"""What the bench prints: tables, and each aim beside the figure."""

MIB = 1024 * 1024

OURS_INCLUDE = "ours: CPU with HTTP and JSON; bytes with the checkpoint at the stop"


def times(ratio):
    """A ratio with the digits that mean something: 0.047x, 4.7x, 470x."""
    digits = 0 if ratio >= 100 else 1 if ratio >= 10 else 2 if ratio >= 0.1 else 4
    return f"{ratio:,.{digits}f}x"


class Report:
    def __init__(self):
        self._aims = []

    def heading(self, text):
        print(f"\n{text}\n{'-' * len(text)}", flush=True)

    def note(self, text):
        print(f"  {text}", flush=True)

    def aim(self, what, figure, limit, unit, digits=0):
        verdict = "ok" if figure <= limit else "misses"
        line = f"{what}: {figure:,.{digits}f} {unit}, aim <= {limit:,g} {unit}: {verdict}"
        self._aims.append(line)
        print(f"  AIM  {line}", flush=True)

    def aims(self):
        if not self._aims:
            return
        self.heading("All aims")
        for line in self._aims:
            self.note(line)

    def table(self, columns, rows):
        """Rows of text below columns, the first to the left, numbers to the right."""
        widths = [max(len(row[i]) for row in [columns] + rows)
                  for i in range(len(columns))]
        for row in [columns] + rows:
            cells = [row[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
            print("  " + "  ".join(cells).rstrip(), flush=True)

    def costs(self, cases, results, item, useful_bytes):
        """What each case cost; the first is ours, which the others are compared with."""
        ours = results[cases[0].label]["cpu_ns"] / cases[0].items
        rows = []
        for case in cases:
            cost = results[case.label]
            cpu = cost["cpu_ns"] / case.items
            rows.append([case.label, f"{case.items:,}", f"{cpu / 1000:,.3f}",
                         times(cpu / ours), f"{cost['writes']:,.0f}",
                         f"{cost['syncs']:,.0f}", f"{cost['bytes'] / MIB:,.2f}",
                         times(cost["bytes"] / (case.items * useful_bytes))])
        self.table(["", f"{item}s", f"CPU us/{item}", "to ours", "writes", "syncs",
                    "MiB", "of useful"], rows)

    def devices(self, cases, results, item, useful_bytes):
        """What reached the device in each case; the first is ours."""
        ours = results[cases[0].label]["kib"] / cases[0].items
        rows = []
        for case in cases:
            seen = results[case.label]
            kib = seen["kib"] / case.items
            rows.append([case.label, f"{case.items:,}", f"{seen['kib']:,.0f}",
                         times(kib * 1024 / useful_bytes), times(kib / ours),
                         f"{seen['requests']:,}", f"{seen['flushes']:,}"])
        self.table(["reached a fresh ext4", f"{item}s", "KiB", "of useful", "to ours",
                    "write requests", "flushes"], rows)
