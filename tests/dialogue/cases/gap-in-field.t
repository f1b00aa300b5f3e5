# A gap in a field line: the whole line before it is given, the cut one is not.
>>>
GET / HTTP/1.1
A: 1
B: 2\
><> 5
=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" "1"
gap 5 lost cut
=== responses
