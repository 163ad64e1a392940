-- The agent in Neovim 0.7 or later, without a plugin: put this file into `lua/` and `require('codestream').setup{...}`.
--
-- `:CodeStream provider.connect {"providerId":"<name>"}` sends any request of the agent; `:CodeStream provider.list` names the
-- services. Knows no service and no OAuth parameter.
local M = {}

local client

-- Calls `codestream.agent.<name>`; `done(error, result)`.
function M.execute(name, argument, done)
  local params = { command = 'codestream.agent.' .. name, arguments = { argument or vim.empty_dict() } }
  client.request('workspace/executeCommand', params, done)
end

-- Opens a URL as the text that it is.
function M.open(url)
  local opener = vim.fn.has('mac') == 1 and 'open' or vim.fn.has('win32') == 1 and 'explorer' or 'xdg-open'
  return vim.fn.jobstart({ opener, url }, { detach = true }) > 0
end

-- Asks whether the account that came back from a link attempt may sign in as you; only a choice of its own says yes.
function M.confirm(attempt)
  local question = 'Let ' .. attempt.account .. ' at ' .. attempt.host .. ' sign in as you? Whoever has that account can then sign in.'
  vim.ui.select({ 'Cancel', 'Allow sign-in' }, { prompt = question }, function(choice)
    if not choice then return end
    local name = choice == 'Allow sign-in' and 'attempt.confirm' or 'attempt.cancel'
    M.execute(name, { attemptId = attempt.attemptId }, function(err)
      if err then vim.notify(err.message, vim.log.levels.ERROR) end
    end)
  end)
end

-- The newest state of each attempt that runs, by its id.
local attempts = {}

-- Shows how an attempt goes.
function M.show(attempt)
  local ended = attempt['end']
  local before = attempts[attempt.attemptId] or {}
  attempts[attempt.attemptId] = not ended and attempt or nil
  if not ended and attempt.note and attempt.note ~= before.note then
    vim.notify(attempt.provider .. ': ' .. attempt.note, vim.log.levels.WARN)
  end
  if not ended and attempt.step == 'confirming' and before.step ~= 'confirming' then
    -- Not from within the handler of a message: a menu waits for the person.
    vim.schedule(function() M.confirm(attempt) end)
    return
  end
  local text = ended and (ended.message or ended.outcome .. (ended.account and ' as ' .. ended.account or ''))
    or attempt.step
  vim.notify(attempt.provider .. ': ' .. text)
end

local function keep(path, session)
  -- 384 is 0600: nobody else reads the token.
  local file = assert(vim.loop.fs_open(path, 'w', 384))
  vim.loop.fs_write(file, vim.fn.json_encode(session))
  vim.loop.fs_close(file)
end

local function kept(path)
  local ok, lines = pcall(vim.fn.readfile, path)
  return ok and lines[1] and vim.fn.json_decode(lines[1]) or nil
end

-- `server`: the API's URL. `cmd`: how to start the agent. `token`: a session token, instead of the one that was kept.
function M.setup(options)
  local path = options.session or vim.fn.stdpath('data') .. '/codestream-session.json'
  local session = kept(path)
  local token = options.token or session and session.serverUrl == options.server and session.token or nil

  -- Not among Neovim's own handlers before 0.10.
  vim.lsp.handlers['window/showDocument'] = function(_, params) return { success = M.open(params.uri) } end
  vim.lsp.handlers['codestream/attempt/didChange'] = function(_, params) M.show(params.attempt) end
  vim.lsp.handlers['codestream/didLogin'] = function(_, params) keep(path, params.session) end
  vim.lsp.handlers['codestream/didLogout'] = function() os.remove(path) end

  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.window.showDocument = { support = true }
  vim.api.nvim_create_user_command('CodeStream', function(command)
    local name, json = command.args:match('^(%S+)%s*(.*)$')
    local argument = json ~= '' and vim.fn.json_decode(json) or nil
    M.execute(name, argument, function(err, result)
      vim.notify(err and err.message or vim.inspect(result), err and vim.log.levels.ERROR or vim.log.levels.INFO)
    end)
  end, { nargs = '+' })

  return vim.lsp.start_client({
    name = 'codestream',
    cmd = options.cmd or { 'codestream-agent', '--stdio' },
    root_dir = vim.fn.getcwd(),
    capabilities = capabilities,
    init_options = { serverUrl = options.server, accessToken = token, ide = { name = 'Neovim', version = '0.7' } },
    on_init = function(started)
      client = started
      if options.on_ready then options.on_ready() end
    end,
    on_error = options.on_error,
    on_exit = options.on_exit,
  })
end

-- Ends the agent.
function M.stop() client.stop() end

return M
