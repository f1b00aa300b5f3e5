# SPDX-License-Identifier: Apache-2.0
"""Starts the servers and proxies that Debian has, each on a port of its own on the loopback interface."""
import os
import re
import shutil
import socket
import subprocess
import time

NODE = """
require("http").createServer((request, response) => {
    let taken = 0;
    request.on("data", (part) => { taken += part.length; });
    request.on("end", () => {
        response.setHeader("X-Took", `${request.method} ${encodeURI(request.url)} ${taken} ${(request.headers.host || "-").split(":")[0]}`);
        response.end();
    });
}).listen(@PORT@, "127.0.0.1");
"""

GUNICORN = """
def application(environ, start_response):
    taken = len(environ["wsgi.input"].read())
    host = environ.get("HTTP_HOST", "-").split(":")[0]
    took = "%s %s %d %s" % (environ["REQUEST_METHOD"], environ["PATH_INFO"], taken, host)
    start_response("200 OK", [("X-Took", took), ("Content-Length", "0")])
    return [b""]
"""

SERVLET = """
import jakarta.servlet.http.*;
public class Took extends HttpServlet {
    protected void service(HttpServletRequest request, HttpServletResponse response) throws java.io.IOException {
        int taken = request.getInputStream().readAllBytes().length;
        response.setHeader("X-Took", request.getMethod() + " " + request.getRequestURI() + " " + taken + " " + request.getServerName());
        response.setContentLength(0);
    }
}
"""

NGINX = """
daemon off; master_process off; worker_processes 1; pid @WORK@/pid; error_log @WORK@/error;
events { worker_connections 64; }
http {
    access_log off; client_body_temp_path @WORK@/a; proxy_temp_path @WORK@/b; fastcgi_temp_path @WORK@/c;
    uwsgi_temp_path @WORK@/d; scgi_temp_path @WORK@/e;
    server {
        listen 127.0.0.1:@PORT@;
        location / { proxy_pass http://127.0.0.1:@BACKEND@; proxy_http_version 1.1; proxy_set_header Host $http_host; }
    }
}
"""

APACHE = """
ServerRoot @WORK@
ServerName one.example
PidFile @WORK@/pid
DefaultRuntimeDir @WORK@
ErrorLog @WORK@/error
Listen 127.0.0.1:@PORT@
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
User nobody
Group nogroup
ProxyPreserveHost On
ProxyPass / http://127.0.0.1:@BACKEND@/
StartServers 1
"""

HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
listen all
    bind 127.0.0.1:@PORT@
    server origin 127.0.0.1:@BACKEND@
"""

SQUID = """
http_port 127.0.0.1:@PORT@ accel defaultsite=one.example
cache_peer 127.0.0.1 parent @BACKEND@ 0 no-query originserver name=origin
http_access allow all
cache deny all
access_log none
cache_log @WORK@/log
pid_filename @WORK@/pid
coredump_dir @WORK@
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
cache_effective_user proxy
"""

CADDY = """
{
    admin off
    auto_https off
}
http://:@PORT@ {
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:@BACKEND@
}
"""

LIGHTTPD = """
server.document-root = "@WORK@"
server.bind = "127.0.0.1"
server.port = @PORT@
server.errorlog = "@WORK@/error"
server.modules = ("mod_proxy")
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => @BACKEND@ )) )
"""

TOMCAT = """
<Server port="-1"><Service name="Catalina">
<Connector address="127.0.0.1" port="@PORT@" protocol="HTTP/1.1" allowTrace="true"/>
<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps" autoDeploy="false"/></Engine>
</Service></Server>
"""

WEB_XML = """
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="5.0"><servlet><servlet-name>t</servlet-name>
<servlet-class>Took</servlet-class></servlet><servlet-mapping><servlet-name>t</servlet-name><url-pattern>/*</url-pattern></servlet-mapping>
</web-app>
"""

VARNISH = """
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "@BACKEND@"; }
sub vcl_recv { if (req.method == "GET" || req.method == "HEAD" || req.method == "POST") { return (pass); } }
"""


def version_of(command, pattern):
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if found else "?"


# name: (program that must be there, its version, configuration files, command, is it a proxy)
SERVERS = {
    "nginx": ("/usr/sbin/nginx", ["-v"], r"nginx/([\d.]+)", {"conf": NGINX}, ["-p", "@WORK@", "-c", "@WORK@/conf"], True),
    "Apache httpd": ("/usr/sbin/apache2", ["-v"], r"Apache/([\d.]+)", {"conf": APACHE}, ["-f", "@WORK@/conf", "-DFOREGROUND"], True),
    "HAProxy": ("/usr/sbin/haproxy", ["-v"], r"version ([\d.]+)", {"conf": HAPROXY}, ["-db", "-f", "@WORK@/conf"], True),
    "Squid": ("/usr/sbin/squid", ["-v"], r"Version ([\d.]+)", {"conf": SQUID}, ["-N", "-f", "@WORK@/conf"], True),
    "Varnish": ("/usr/sbin/varnishd", ["-V"], r"varnish-([\d.]+)", {"conf": VARNISH},
                ["-F", "-f", "@WORK@/conf", "-a", "127.0.0.1:@PORT@", "-n", "@WORK@/state", "-s", "malloc,8m"], True),
    "lighttpd": ("/usr/sbin/lighttpd", ["-v"], r"lighttpd/([\d.]+)", {"conf": LIGHTTPD}, ["-D", "-f", "@WORK@/conf"], True),
    "Caddy (Go)": ("/usr/bin/caddy", ["version"], r"v?([\d.]+)", {"conf": CADDY}, ["run", "--adapter", "caddyfile", "--config", "@WORK@/conf"], True),
    "Node.js": ("/usr/bin/node", ["-v"], r"v([\d.]+)", {"took.js": NODE}, ["@WORK@/took.js"], False),
    "gunicorn": ("/usr/bin/gunicorn", ["--version"], r"version ([\d.]+)", {"took.py": GUNICORN},
                 ["--chdir", "@WORK@", "-b", "127.0.0.1:@PORT@", "-k", "gthread", "--threads", "4", "took"], False),
    "Tomcat": ("/usr/share/tomcat10/bin/catalina.sh", ["version"], r"Server number:\s+([\d.]+)",
               {"Took.java": SERVLET, "conf/server.xml": TOMCAT, "webapps/ROOT/WEB-INF/web.xml": WEB_XML}, ["run"], False),
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One running server; `stop` ends it."""

    def __init__(self, name, work, backend):
        program, version, pattern, files, arguments, self.proxy = SERVERS[name]
        self.name = name
        self.pipelines = name != "gunicorn"  # it forgets what came with the request before
        self.port = free_port()
        self.work = os.path.join(work, re.sub(r"\W", "", name))
        os.makedirs(self.work)
        os.chmod(self.work, 0o777)
        for path, text in files.items():
            path = os.path.join(self.work, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as file:
                file.write(self.fill(text, backend).lstrip("\n"))
        environment = dict(os.environ, HOME=self.work)
        if name == "Tomcat":
            self.compile_servlet()
            environment.update(CATALINA_BASE=self.work, CATALINA_HOME="/usr/share/tomcat10")
        self.version = version_of([program, *version], pattern)
        with open(os.path.join(self.work, "out"), "wb") as out:
            self.process = subprocess.Popen([program, *[self.fill(word, backend) for word in arguments]], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out, cwd=self.work, env=environment)
        self.wait()

    def fill(self, text, backend):
        return text.replace("@PORT@", str(self.port)).replace("@BACKEND@", str(backend)).replace("@WORK@", self.work)

    def compile_servlet(self):
        classes = os.path.join(self.work, "webapps/ROOT/WEB-INF/classes")
        os.makedirs(classes)
        for name in ("temp", "logs", "work"):
            os.makedirs(os.path.join(self.work, name))
        shutil.copy("/etc/tomcat10/web.xml", os.path.join(self.work, "conf"))
        subprocess.run(["javac", "-cp", "/usr/share/tomcat10/lib/servlet-api.jar", "-d", classes, "Took.java"], cwd=self.work, check=True)

    def wait(self):
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        with open(os.path.join(self.work, "out"), encoding="utf-8", errors="replace") as out:
            raise RuntimeError(f"{self.name} does not listen: {out.read()[-500:]}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def installed():
    return [name for name, server in SERVERS.items() if os.path.exists(server[0])]
