# A request line with version but without its end is not given.
>>>
GET / HTTP/1.1\
>>|
<<<
HTTP/1.1 20\
<<|
=== requests
eof truncated
=== responses
eof truncated
