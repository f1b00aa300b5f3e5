# Several gaps, the last at the body's end and at the stream's.
>>>
POST / HTTP/1.1
Content-Length: 10

a\
><> 2
>>>
bc\
><> 3
><> 2
>>|
=== requests
start "POST" "/" "HTTP/1.1" 1.1
header "Content-Length" "10"
head-end length 10
body 1 "a"
gap 2
body 2 "bc"
gap 3
gap 2
end 0-49
eof between
=== responses
