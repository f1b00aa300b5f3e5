# A fold in the last field; blank folds just before the end of the head.
>>>
GET / HTTP/1.1
A: 1
 2
 
\t

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" "1 2"
head-end none
end 0-34 OBS_FOLD
=== responses
