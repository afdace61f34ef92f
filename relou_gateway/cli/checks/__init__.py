"""What `doctor` looks at. Each check yields findings: what it saw, and the cure where something is wrong.

    finding     the record, and its four states
    machine     where the system tells of itself: /proc, /sys, /run; a test gives a folder of its own
    host        clock, power supply, ModemManager, sleeping USB ports
    usb         modems that show themselves as something else
    port        the device, who may open it, who has it open
    radio       what the modem said, if it was asked
    watched     what the daemon saw, where it is at work and must not be disturbed
    storage     disk, database, ledger
    spending    caps and credit

Nothing here opens a modem: `doctor` has that done, and only where nobody else has it open.
"""
