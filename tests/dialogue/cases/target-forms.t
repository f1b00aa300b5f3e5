# Absolute, asterisk and other targets are given as they are.
>>>
GET http://example.com/x?y HTTP/1.1

OPTIONS * HTTP/1.1

GET //x HTTP/1.1

GET invalid/path?p=%20 HTTP/1.0

=== requests
start "GET" "http://example.com/x?y" "HTTP/1.1" 1.1
head-end none
end 0-39
start "OPTIONS" "*" "HTTP/1.1" 1.1
head-end none
end 39-61
start "GET" "//x" "HTTP/1.1" 1.1
head-end none
end 61-81
start "GET" "invalid/path?p=%20" "HTTP/1.0" 1.0
head-end none
end 81-116
=== responses
