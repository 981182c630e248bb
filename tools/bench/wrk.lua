-- For wrk: sends the lines of the file named in its arguments in turn, as JSON.

local asked, place = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    asked[#asked + 1] = wrk.format("POST", wrk.path, { ["Content-Type"] = args[2] }, line)
  end
end

function request()
  place = place % #asked + 1
  return asked[place]
end
