# Which files of a repository a Ruby file loads when it runs; a reference for the scanner.
#
#     ruby tests/bench/oracles/ruby_runtime.rb CHECKOUT [LOAD_PATH_FOLDER...] > EDGES
#
# Every file is loaded in a forked child with the `lib` folders (and those given) on the load path; require,
# require_relative, load and autoload record who asked (the first frame inside the repository) and which file of the
# repository answered, whether it was new or not. Only files that load without an error count as read, so what is
# missing from the environment hides files, not edges. On stderr: how many could not be loaded.

require "timeout"

root = File.realpath(ARGV.shift)
Dir.chdir(root)
folders = ARGV.map { |folder| File.expand_path(folder, root) }
files = `git ls-files -z`.split("\0").select { |path| path.end_with?(".rb") && File.file?(path) && !File.symlink?(path) }
libraries = files.map { |path| path[%r{\A(?:.*/)?lib(?=/)}] }.compact.uniq.map { |path| File.join(root, path) }
libraries.reject! { |path| path.match?(%r{/(test|spec|fixtures|vendor|templates)/}) }

RECORD = {}
OWN = {}

module Recorder
  def self.asked(root, verb, path)
    at = caller_locations(2, 12).find { |place| place.absolute_path&.start_with?(root) }
    before = $LOADED_FEATURES.size
    result = yield
    if at
      found = target(root, verb, path, at.absolute_path, before)
      RECORD[[at.absolute_path, found]] = "#{verb} #{path}" if found
    end
    result
  end

  def self.target(root, verb, path, from, before)
    path = path.to_path if path.respond_to?(:to_path)
    path = path.to_str
    if verb == "require_relative"
      candidates = [File.expand_path(path, File.dirname(from))]
    elsif path.start_with?("/", "./", "../", "~")
      candidates = [File.expand_path(path)]
    else
      candidates = $LOAD_PATH.map { |folder| File.join(folder.to_s, path) }
      candidates << File.expand_path(path) if verb == "load"
    end
    candidates = candidates.flat_map { |one| verb == "load" ? [one] : [one.end_with?(".rb") ? one : "#{one}.rb"] }
    found = candidates.find { |one| File.file?(one) }
    found = found && File.realpath(found)
    found if found&.start_with?("#{root}/")
  end
end

module Kernel
  %w[require load].each do |verb|
    plain = instance_method(verb)
    root = File.realpath(Dir.pwd)
    define_method(verb) do |path, *rest|
      Recorder.asked(root, verb, path) { plain.bind_call(self, path, *rest) }
    end
    define_singleton_method(verb) do |path, *rest|
      Recorder.asked(root, verb, path) { plain.bind_call(self, path, *rest) }
    end
  end

  root = File.realpath(Dir.pwd)
  define_method(:require_relative) do |path|
    from = caller_locations(1, 1).first.absolute_path
    Recorder.asked(root, "require_relative", path) { require(File.expand_path(path.to_str, File.dirname(from))) }
  end
end

class Module
  root = File.realpath(Dir.pwd)
  plain = instance_method(:autoload)
  define_method(:autoload) do |name, path = nil|
    at = caller_locations(1, 12).find { |place| place.absolute_path&.start_with?(root) }
    path ||= ("#{self}::#{name}".gsub("::", "/").gsub(/([A-Z\d]+)([A-Z][a-z])/, '\1_\2').gsub(/([a-z\d])([A-Z])/, '\1_\2').downcase if self.name)
    found = path && Recorder.target(root, "require", path, at&.absolute_path || root, 0)
    RECORD[[at.absolute_path, found]] = "autoload #{path}" if at && found
    plain.bind_call(self, name, path)
  end
end

failed = []
batch = files.reject { |path| path.match?(%r{(\A|/)(templates|vendor|gemfiles)/}) }
batch.each do |path|
  reading, writing = IO.pipe
  child = fork do
    reading.close
    $stdout.reopen(File::NULL)
    $stderr.reopen(File::NULL)
    $stdin.reopen(File::NULL)
    $LOAD_PATH.unshift(*folders, *libraries.sort_by { |folder| path.start_with?(folder.delete_prefix("#{root}/")[%r{\A.*(?=lib\z)}].to_s) ? 0 : 1 })
    $LOAD_PATH.unshift(File.join(root, path[%r{\A(?:.*/)?(?:test|spec)(?=/)}])) if path.match?(%r{(\A|/)(test|spec)/})
    $PROGRAM_NAME = "oracle"
    problem = nil
    begin
      Timeout.timeout(20) { Kernel.load(File.join(root, path)) }
    rescue Exception => error 
      problem = error.class.name
    end
    writing.write(Marshal.dump([problem, RECORD.select { |(from, _), _| from == File.join(root, path) }.to_a]))
    writing.close
    exit!(0)
  end
  writing.close
  problem, edges = begin
    Marshal.load(reading.read)
  rescue ArgumentError, TypeError
    ["ended early", []]
  end
  Process.wait(child)
  if problem
    failed << "#{path}: #{problem}"
    next
  end
  puts path
  edges.each do |(from, to), why|
    from, to = from.delete_prefix("#{root}/"), to.delete_prefix("#{root}/")
    puts "#{from}\t#{to}\t#{why}" unless from == to
  end
end
warn "#{failed.size} of #{batch.size} files do not load here"
