# The first line behind is a lone token, and lines end in LF: a head all the same.
>>>
GET /\n\
FakeHeader\n\
User-Agent: script\n\
\n\
GET / HTTP/1.0\n\
\n\
>>|
=== requests
start "GET" "/" "" 0.9
header "FakeHeader" ""
header "User-Agent" "script"
head-end none
end 0-37 BARE_LF NO_COLON VERSION
start "GET" "/" "HTTP/1.0" 1.0
head-end none
end 37-53 BARE_LF
eof between
=== responses
