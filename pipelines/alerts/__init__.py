"""Telling people what happened over night: what is wrong (`notices`), what they were told (`ledger`), the message
(`digest`), the ways to them (`channels`, `mail`, `webhook`), and when (`telling`).

Each thing is told once per channel, one message at a time, nothing when nothing changed, and once more when it is over.
"""
