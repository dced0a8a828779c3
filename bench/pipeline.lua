-- For wrk: sixteen requests in one packet.
init = function(args)
    local one = wrk.format("GET", "/")
    local all = {}
    for i = 1, 16 do
        all[i] = one
    end
    packet = table.concat(all)
end

request = function()
    return packet
end
