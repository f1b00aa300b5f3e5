# Nothing but a blank line: the head has no fields.
>>>
GET / HTTP/1.0
 

=== requests
start "GET" "/" "HTTP/1.0" 1.0
head-end none
end 0-21 FIRST_FOLD
=== responses
