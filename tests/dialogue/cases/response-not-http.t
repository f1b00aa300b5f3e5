# Other bytes are bad from the first one that does not fit.
<<<
ICY 200 OK

=== requests
=== responses
bad
