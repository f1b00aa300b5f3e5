# The stream ends behind a whole trailer line: it is given.
>>>
POST / HTTP/1.1
Transfer-Encoding: chunked

0
X: 1
>>|
=== requests
start "POST" "/" "HTTP/1.1" 1.1
header "Transfer-Encoding" "chunked"
head-end chunked
trailer "X" "1"
eof truncated
=== responses
