# The largest length there is: the body goes on.
>>>
POST / HTTP/1.1
Content-Length: 9223372036854775807

abc\
>>|
=== requests
start "POST" "/" "HTTP/1.1" 1.1
header "Content-Length" "9223372036854775807"
head-end length 9223372036854775807
body 3 "abc"
eof truncated
=== responses
