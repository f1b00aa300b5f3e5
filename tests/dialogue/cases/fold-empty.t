# Folds that add nothing, and a value that stands in the fold alone.
>>>
GET / HTTP/1.1
Transfer-Encoding:
 
 chunked 
 
Host: a

0

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "Transfer-Encoding" "chunked"
header "Host" "a"
head-end chunked
end 0-69 OBS_FOLD obscured ambiguous content-unexpected
=== responses
