# What a Ruby file requires and which constants of an application it names, by Ruby's own parser; a reference.
#
#     ruby tests/bench/oracles/ruby_static.rb CHECKOUT | python -m tests.bench.oracles.compare CHECKOUT .rb,.rake
#
# Reads every file with Ripper. Calls of require, require_relative, load and autoload count where their argument is a
# string without interpolation, or is built from __dir__, __FILE__, File.expand_path and File.join with such strings.
# In a Rails application (config/application.rb), in an engine and in a gem that depends on Zeitwerk, constants are looked
# up as Ruby does, lexical scope by lexical scope, among the files that Zeitwerk would autoload; a constant that the file
# itself defines is not looked up.

require "ripper"

ROOT = File.realpath(ARGV.shift)
Dir.chdir(ROOT)
FILES = `git ls-files -z`.split("\0").select { |path| path.match?(/\.(rb|rake)\z/) && File.file?(path) && !File.symlink?(path) }
EXISTS = FILES.to_h { |path| [path, true] }
LIBRARIES = FILES.map { |path| path[%r{\A(?:.*/)?lib(?=/)}] }.compact.uniq
APPLICATIONS = FILES.filter_map { |path| path[%r{\A(.*?)/?config/application\.rb\z}, 1] }

def below(folder)
  found = FILES.filter_map { |path| path[%r{\A#{Regexp.escape(folder.empty? ? "" : "#{folder}/")}app/[^/]+(?:/concerns)?(?=/)}] }
  found.uniq.reject { |root| root.match?(%r{app/(assets|javascript|views)\z}) }
end

# Autoload roots of engines and of gems that depend on Zeitwerk.
BROUGHT = Hash.new { |hash, home| hash[home] = [] }
FILES.filter_map { |path| path[%r{\A(.+)/lib/(?:.*/)?engine\.rb\z}, 1] }.uniq.each do |engine|
  BROUGHT[engine] |= below(engine) unless APPLICATIONS.include?(engine) || below(engine).empty?
end
`git ls-files -z`.split("\0").grep(/\.gemspec\z/).each do |path|
  next unless File.binread(path).match?(/add_(?:runtime_)?dependency[ \t(]*["']zeitwerk["']/)
  home = File.dirname(path).delete_prefix(".")
  BROUGHT[home] |= [home.empty? ? "lib" : "#{home}/lib"]
end
HOMES = APPLICATIONS + BROUGHT.keys.reject { |home| APPLICATIONS.any? { |one| one.empty? || "#{home}/".start_with?("#{one}/") } }

def normal(path)
  parts = []
  path.split("/").each do |part|
    case part
    when "", "." then next
    when ".." then return nil if parts.empty?; parts.pop
    else parts << part
    end
  end
  parts.join("/")
end

def file(path)
  path && [path.end_with?(".rb") ? path : "#{path}.rb", path].find { |one| EXISTS[one] }
end

# The text of a node that is a constant path: absolute ones start with "/".
def path_of(node, from)
  return unless node.is_a?(Array)

  case node[0]
  when :string_literal
    content = node[1][1..]
    return "" if content.empty?
    parts = content.map do |part|
      case part[0]
      when :@tstring_content then part[1]
      when :string_embexpr then path_of(part[1][0], from)
      end
    end
    parts.join if parts.all?
  when :args_add_block, :arg_paren, :paren, :args_new then path_of(node[1].is_a?(Array) && node[1][0].is_a?(Array) ? node[1][0] : node[1], from)
  when :vcall, :var_ref, :fcall
    case node[1][1]
    when "__dir__" then "/#{File.dirname(from)}"
    when "__FILE__" then "/#{from}"
    end
  when :method_add_arg
    call, arguments = node[1], node[2]
    name = call[0] == :call && call[3].is_a?(Array) ? call[3][1] : nil
    receiver = call[0] == :call && call[1].is_a?(Array) ? call[1].flatten.include?("File") : false
    list = arguments_of(arguments).map { |one| path_of(one, from) }
    return if !receiver || list.any?(&:nil?)
    case name
    when "expand_path" then list[1] ? (list[0].start_with?("/") ? list[0] : "#{list[1]}/#{list[0]}") : list[0]
    when "join" then list.join("/")
    when "dirname" then list[0].include?("/") ? File.dirname(list[0]) : nil
    end
  end
end

def arguments_of(node)
  case node && node[0]
  when :arg_paren then arguments_of(node[1])
  when :args_add_block then node[1]
  when nil then []
  else node.is_a?(Array) && node[0].is_a?(Array) ? node : []
  end
end

Found = Struct.new(:requires, :constants, :defined)

def walk(node, from, nesting, found)
  return unless node.is_a?(Array)

  case node[0]
  when :module, :class
    name = constant_of(node[1])
    walk(node[2], from, nesting, found) if node[0] == :class
    inner = name ? nesting + [name] : nesting
    # `class A::B` looks A up.
    found.constants << [name.rpartition("::")[0], nesting] if name&.include?("::") && !name.start_with?("::")
    found.defined << inner.join("::") if name
    node[(node[0] == :class ? 3 : 2)..].each { |child| walk(child, from, inner, found) }
    return
  when :method_add_block
    call = node[1]
    if call[0] == :command && call[1][1] == "autoload_under"
      walk(node[2], from, nesting + [path_of(arguments_of(call[2])[0], from)], found)
      return
    end
  when :command, :fcall
    asked(node[1][1], arguments_of(node[2]), from, nesting, found) if node[0] == :command
  when :method_add_arg
    asked(node[1][1][1], arguments_of(node[2]), from, nesting, found) if node[1][0] == :fcall
    if node[1][0] == :call && constant_of(node[1][1]) == "Kernel" && node[1][3].is_a?(Array)
      asked(node[1][3][1], arguments_of(node[2]), from, nesting, found)
    end
  when :assign, :opassign
    if (name = node[1][0] == :var_field && node[1][1].is_a?(Array) && node[1][1][0] == :@const ? node[1][1][1] : nil)
      found.defined << (nesting + [name]).join("::")
    end
  when :const_path_ref, :top_const_ref, :var_ref
    name = constant_of(node)
    if name
      found.constants << [name, nesting]
      return
    end
  end
  node.each { |child| walk(child, from, nesting, found) if child.is_a?(Array) }
end

def constant_of(node)
  return unless node.is_a?(Array)

  case node[0]
  when :const_ref, :var_ref then node[1][0] == :@const ? node[1][1] : nil
  when :top_const_ref then "::#{node[1][1]}"
  when :const_path_ref
    left = constant_of(node[1])
    left && "#{left}::#{node[2][1]}"
  end
end

def asked(verb, arguments, from, nesting, found)
  return unless %w[require require_relative load autoload require_dependency].include?(verb)

  argument = verb == "autoload" ? arguments[1] : arguments[0]
  path = argument && path_of(argument, from)
  found.requires << [verb, path] if path
  return unless verb == "autoload" && arguments.size == 1 && arguments[0][0] == :symbol_literal
  # ActiveSupport::Autoload spells the path of the whole constant.
  found.requires << [:short, underscore((nesting + [arguments[0][1][1][1]]).join("::"))]
end

def required(verb, path, from)
  folder = File.dirname(from)
  return file(normal(path)) if path.start_with?("/")
  return file(normal("#{folder}/#{path}")) if verb == "require_relative"
  return file(normal("#{folder}/#{path}")) if path.start_with?("./", "../")

  above = folder
  loop do
    %w[lib test spec].push("").each do |name|
      hit = file([above == "." ? "" : above, name, path].reject(&:empty?).join("/"))
      return hit if hit
    end
    break if above == "."
    above = File.dirname(above)
  end
  hits = LIBRARIES.filter_map { |library| file("#{library}/#{path}") }.uniq
  hits.size == 1 ? hits[0] : nil
end

def underscore(name)
  name.gsub("::", "/").gsub(/([A-Z\d]+)([A-Z][a-z])/, '\1_\2').gsub(/([a-z\d])([A-Z])/, '\1_\2').downcase
end

# Zeitwerk's table of an application: constant path => file.
def autoloads(home)
  prefix = home.empty? ? "" : "#{home}/"
  roots = BROUGHT.values.flatten
  if APPLICATIONS.include?(home)
    settings = File.read("#{prefix}config/application.rb")
    roots |= below(home)
    roots << "#{prefix}lib" if settings.match?(/autoload_lib/)
    settings.scan(/(?:autoload|eager_load)_paths.*/) { |line| line.scan(%r{["'/](\w[\w/]*)["']}) { |name,| roots << "#{prefix}#{name}" } }
  end
  table = {}
  FILES.sort_by { |path| [path.start_with?(prefix) ? 0 : 1, path] }.each do |path|
    next unless path.end_with?(".rb")
    root = roots.select { |one| path.start_with?("#{one}/") }.max_by(&:size)
    table[path.delete_prefix("#{root}/").delete_suffix(".rb")] ||= path if root
  end
  table
end

TABLES = HOMES.to_h { |home| [home, autoloads(home)] }

FILES.each do |from|
  content = File.binread(from).force_encoding("UTF-8")
  tree = Ripper.sexp(content.scrub)
  unless tree
    warn "not parsed: #{from}"
    next
  end
  found = Found.new([], [], [])
  walk(tree, from, [], found)
  puts from
  edges = {}
  found.requires.each do |verb, path|
    target = required(verb, path, from)
    edges[target] ||= "#{verb} #{path}" if target
  end
  home = HOMES.select { |one| one.empty? || from.start_with?("#{one}/") }.max_by(&:size)
  (home ? found.constants.uniq : []).each do |name, nesting|
    scopes = name.start_with?("::") ? [""] : nesting.each_index.map { |at| nesting[0..at].join("::") }.reverse + [""]
    parts = name.delete_prefix("::").split("::")
    scopes.each do |scope|
      first = [scope, parts[0]].reject(&:empty?).join("::")
      # What the file itself defines is found first, and what of it lies in another file is looked for there.
      own = found.defined.include?(first)
      target = TABLES[home][underscore(first)]
      folder = TABLES[home].keys.any? { |key| key.start_with?("#{underscore(first)}/") }
      next unless own || target || folder
      edges[target] ||= "constant #{name}" if target && !own
      deeper = first
      parts[1..].each do |part|
        deeper = "#{deeper}::#{part}"
        inner = TABLES[home][underscore(deeper)]
        edges[inner] ||= "constant #{name}" if inner && !found.defined.include?(deeper)
      end
      break
    end
  end
  edges.delete(from)
  edges.each { |target, why| puts "#{from}\t#{target}\t#{why}" }
end
