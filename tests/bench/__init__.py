"""Benches: each is run as `python -m tests.bench.NAME` and prints a table, then one line of JSON.

Everything runs on this machine: the real server, the fake upstream and the clients, each in a process of its own.
"""
