# A blank line before the first field is dropped.
>>>
GET / HTTP/1.0
 
Host: a

=== requests
start "GET" "/" "HTTP/1.0" 1.0
header "Host" "a"
head-end none
end 0-30 FIRST_FOLD
=== responses
