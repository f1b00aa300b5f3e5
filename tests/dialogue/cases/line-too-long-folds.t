# A field that a fold makes too long: the folds that follow add nothing, with CRLF and LF.
line_bytes 16
>>>
GET / HTTP/1.1
A: 12345678
  abcdefgh
  more
  still
B: 12345678
  abcdefgh
  more\n\
C: x

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" "12345678 abcd"
header "B" "12345678 abcd"
header "C" "x"
head-end none
end 0-98 BARE_LF OBS_FOLD LINE_TOO_LONG
=== responses
