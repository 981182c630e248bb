-- For wrk: asks what the file named in its arguments lists, mostly on the hot path.
-- Each line of the file is method, path, language and body, with tabs between. A body that holds the word
-- 0000000000 gets a number of its own there, so that no answer to it is kept already.

local asked, fresh = {}, {}
local count = (os.time() % 10000) * 1000000 -- another beginning in each run

function init(args)
  for line in io.lines(args[1]) do
    local method, path, language, body = line:match("^(%S+)\t(%S+)\t(%S*)\t(.*)$")
    local headers = { ["Content-Type"] = "application/json" }
    if language ~= "" then headers["Accept-Language"] = language end
    local made = wrk.format(method, path, headers, body)
    local head, tail = made:match("^(.*)0000000000(.*)$")
    asked[#asked + 1] = made
    fresh[#asked] = head and { head, tail } or false
  end
  math.randomseed(os.time())
end

function request()
  local place = math.random(#asked)
  local parts = fresh[place]
  if not parts then return asked[place] end
  count = count + 1
  return parts[1] .. string.format("%010d", count) .. parts[2]
end
