# White space before the first field line: the line keeps it in its name and frames nothing.
>>>
GET / HTTP/1.0
 Content-Length: 9
 more
Host: a

=== requests
start "GET" "/" "HTTP/1.0" 1.0
header " Content-Length" "9 more"
header "Host" "a"
head-end none
end 0-54 OBS_FOLD FIRST_FOLD obscured ambiguous
=== responses
