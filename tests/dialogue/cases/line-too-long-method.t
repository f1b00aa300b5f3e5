# No method ends within the cap.
line_bytes 16
>>>
\{40*X} / HTTP/1.1

=== requests
bad
=== responses
