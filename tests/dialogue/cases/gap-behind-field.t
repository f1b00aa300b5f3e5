# A gap behind a line end: that field is whole, though a fold might have followed.
>>>
GET / HTTP/1.1
A: 1
><> 5
=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" "1"
gap 5 lost cut
=== responses
