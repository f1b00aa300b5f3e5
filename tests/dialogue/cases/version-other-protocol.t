# RTSP and SIP have their own.
>>>
OPTIONS * RTSP/1.0

=== requests
bad
=== responses
