-- Neovim's built-in LSP client against the agent, without a plugin: connects to GitHub, asks who it is, and ends the agent.
-- `nvim --headless -l` is newer than 0.7, so this is sourced. Environment: AGENT (binary), SERVER (API origin), TOKEN (session
-- token). One JSON object a line goes to stdout.
local function tell(event)
  io.stdout:write(vim.fn.json_encode(event) .. '\n')
  io.stdout:flush()
end

local client

-- What a person binds to a key: a command of the agent, no plugin between.
local function execute(command, argument, done)
  client.request('workspace/executeCommand', { command = command, arguments = { argument } }, function(err, result)
    tell({ event = command, error = err, result = result })
    if done then done() end
  end)
end

-- Not among Neovim's own handlers before 0.10.
vim.lsp.handlers['window/showDocument'] = function(_, params)
  tell({ event = 'showDocument', params = params })
  return { success = true }
end
vim.lsp.handlers['codestream/attempt/didChange'] = function(_, params)
  tell({ event = 'attempt', params = params })
  if params.attempt['end'] then
    execute('codestream.agent.provider.me', { providerId = 'github' }, function() client.stop() end)
  end
end

local capabilities = vim.lsp.protocol.make_client_capabilities()
capabilities.window.showDocument = { support = true }

tell({ event = 'ready', version = tostring(vim.version().major) .. '.' .. tostring(vim.version().minor) })
local id = vim.lsp.start_client({
  name = 'codestream',
  cmd = { vim.env.AGENT, '--stdio' },
  root_dir = vim.fn.getcwd(),
  capabilities = capabilities,
  init_options = { serverUrl = vim.env.SERVER, accessToken = vim.env.TOKEN, ide = { name = 'Neovim', version = '0.7' } },
  on_init = function(started)
    client = started
    execute('codestream.agent.provider.connect', { providerId = 'github*com' })
  end,
  -- These two are called where Vim's own functions must not be.
  on_error = vim.schedule_wrap(function(code, err) tell({ event = 'error', code = code, error = tostring(err) }) end),
  on_exit = vim.schedule_wrap(function(code, signal)
    tell({ event = 'exit', code = code, signal = signal })
    vim.cmd('qa!')
  end),
})
if not id then tell({ event = 'error', error = 'the agent did not start' }) end
