# Content-Length in the forms that framing forgives or not.
>>>
POST /list HTTP/1.1
Content-Length: 2, 2

okPOST /twice HTTP/1.1
Content-Length: 2
Content-Length: 2

okPOST /comma HTTP/1.1
Content-Length: ,2,

okPOST /conflict HTTP/1.1
Content-Length: 2
Content-Length: 3

okPOST /plus HTTP/1.1
Content-Length: +2

GET /negative HTTP/1.1
Content-Length: -1

GET /blank HTTP/1.1
Content-Length:

GET /overflow HTTP/1.1
Content-Length: 9223372036854775808

=== requests
start "POST" "/list" "HTTP/1.1" 1.1
header "Content-Length" "2, 2"
head-end length 2
body 2 "ok"
end 0-47 length-repeated
start "POST" "/twice" "HTTP/1.1" 1.1
header "Content-Length" "2"
header "Content-Length" "2"
head-end length 2
body 2 "ok"
end 47-111 length-repeated
start "POST" "/comma" "HTTP/1.1" 1.1
header "Content-Length" ",2,"
head-end length 2
body 2 "ok"
end 111-158 length-syntax ambiguous
start "POST" "/conflict" "HTTP/1.1" 1.1
header "Content-Length" "2"
header "Content-Length" "3"
head-end length 2
body 2 "ok"
end 158-225 length-conflict ambiguous
start "POST" "/plus" "HTTP/1.1" 1.1
header "Content-Length" "+2"
head-end none
end 225-268 length-syntax ambiguous
start "GET" "/negative" "HTTP/1.1" 1.1
header "Content-Length" "-1"
head-end none
end 268-314 length-syntax
start "GET" "/blank" "HTTP/1.1" 1.1
header "Content-Length" ""
head-end none
end 314-354 length-syntax
start "GET" "/overflow" "HTTP/1.1" 1.1
header "Content-Length" "9223372036854775808"
head-end none
end 354-417 length-overflow
=== responses
