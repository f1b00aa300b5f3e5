# Lower case, long, unknown and punctuated methods are tokens.
>>>
get / HTTP/1.1

M-SEARCH * HTTP/1.1

X!#$%&'*+-.^_`|~9 / HTTP/1.1

=== requests
start "get" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
start "M-SEARCH" "*" "HTTP/1.1" 1.1
head-end none
end 18-41
start "X!#$%&'*+-.^_`|~9" "/" "HTTP/1.1" 1.1
head-end none
end 41-73
=== responses
