"""The tests of modconsole; one folder for each room, and some that cross rooms."""
