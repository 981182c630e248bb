-- For wrk: posts the lines of a file, from a byte on, each once and as JSON.
-- Arguments: the file, the byte, and `again` where it is begun anew at its end, which is an error otherwise.

local asked, head, again

function init(args)
  asked = io.open(args[1], "rb")
  asked:seek("set", tonumber(args[2]))
  again = args[3] == "again"
  head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
    "\r\nContent-Type: application/json\r\nContent-Length: "
end

function request()
  local line = asked:read("*l")
  if line == nil then
    if not again then
      io.stderr:write("there are too few candidates\n")
      os.exit(1)
    end
    asked:seek("set", 0)
    line = asked:read("*l")
  end
  return head .. #line .. "\r\n\r\n" .. line
end
