# Versions that only lenient readers take.
>>>
GET /1 HTTP/1

GET /2 http/1.1

GET /3 HTTP/1.10

GET /4 HTTP/2.0

GET /5 HTTP/1.x

GET /6 HTTP/01.1

=== requests
start "GET" "/1" "HTTP/1" 1.0
head-end none
end 0-17 VERSION
start "GET" "/2" "http/1.1" 1.1
head-end none
end 17-36 VERSION
start "GET" "/3" "HTTP/1.10" 1.10
head-end none
end 36-56 VERSION
start "GET" "/4" "HTTP/2.0" 2.0
head-end none
end 56-75 VERSION
start "GET" "/5" "HTTP/1.x" 0.0
head-end none
end 75-94 VERSION
start "GET" "/6" "HTTP/01.1" 1.1
head-end none
end 94-114 VERSION
=== responses
