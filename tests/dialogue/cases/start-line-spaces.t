# More than one space, tabs and trailing blanks in start lines.
>>>
GET   /a\tHTTP/1.1 

GET\t/b  HTTP/1.1

<<<
HTTP/1.1  200  OK 
Content-Length: 0

HTTP/1.1\r 200 ok
Content-Length: 0

=== requests
start "GET" "/a" "HTTP/1.1" 1.1
head-end none
end 0-22 START_LINE_SPACES
start "GET" "/b" "HTTP/1.1" 1.1
head-end none
end 22-42 START_LINE_SPACES
=== responses
start "HTTP/1.1" "200" " OK " 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 0-41 START_LINE_SPACES
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 41-80 BARE_CR START_LINE_SPACES
