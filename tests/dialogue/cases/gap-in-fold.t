# A gap in a fold: the field is not whole.
>>>
GET / HTTP/1.1
A: 1
  2\
><> 5
=== requests
start "GET" "/" "HTTP/1.1" 1.1
gap 5 lost cut OBS_FOLD
=== responses
