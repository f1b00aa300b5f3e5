# What is forgiven is counted for each message.
>>>
          GET /1 HTTP/1.0

          GET /2 HTTP/1.0

          GET /3 HTTP/1.0

=== requests
start "GET" "/1" "HTTP/1.0" 1.0
head-end none
end 10-29 START_LINE_SPACES
start "GET" "/2" "HTTP/1.0" 1.0
head-end none
end 39-58 START_LINE_SPACES
start "GET" "/3" "HTTP/1.0" 1.0
head-end none
end 68-87 START_LINE_SPACES
=== responses
