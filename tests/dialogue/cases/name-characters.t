# Names that are no tokens.
>>>
GET / HTTP/1.1
Invalid Name: 4
(x): 1
\xc3\xa4: 2
a@b: 3

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "Invalid Name" "4"
header "(x)" "1"
header "\xc3\xa4" "2"
header "a@b" "3"
head-end none
end 0-58 NAME_CHARACTERS
=== responses
