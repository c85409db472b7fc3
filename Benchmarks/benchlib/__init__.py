"""The parts of bench.py: processes, the proxies under test, lanes, extra measurements, report."""
