<?php
/*
 * Edges between PHP files as PHP itself and composer's autoloader would find them; a reference for the scanner.
 *
 *     php tests/bench/oracles/php.php CHECKOUT [FOLDER_OF_PHP_PARSER/lib]
 *
 * Prints a line "source" for every file it read and "source<TAB>target<TAB>what" for every edge. Needs nikic/php-parser (Debian: php-parser). Names are resolved by its
 * NameResolver; classes by psr-4, psr-0 and classmap, and only where the file does declare the class; functions and
 * constants by `autoload.files`; includes where their path is a constant expression. `use` counts, docblocks do not.
 */

use PhpParser\Node;
use PhpParser\NodeTraverser;
use PhpParser\NodeVisitor\NameResolver;
use PhpParser\NodeVisitorAbstract;

ini_set('memory_limit', '2G');
ini_set('error_reporting', (string) (E_ALL & ~E_DEPRECATED));
chdir($argv[1]);
if (isset($argv[2])) {
    $library = rtrim($argv[2], '/');
    spl_autoload_register(function (string $class) use ($library) {
        $file = $library . '/' . str_replace('\\', '/', $class) . '.php';
        if (is_file($file)) {
            require $file;
        }
    });
} else {
    require 'PhpParser/autoload.php';
}

final class Reader extends NodeVisitorAbstract
{
    public array $declares = ['class' => [], 'function' => [], 'const' => []];
    public array $refers = [];
    public array $includes = [];
    public array $used = [];
    public array $opened = [];

    public function __construct(private string $path)
    {
    }

    private function refer(string $what, string $name): void
    {
        $this->refers[$what . ' ' . $name] = [$what, $name];
    }

    public function enterNode(Node $node)
    {
        if ($node instanceof Node\Stmt\ClassLike && isset($node->namespacedName)) {
            $this->declares['class'][] = $node->namespacedName->toString();
        } elseif ($node instanceof Node\Stmt\Function_) {
            $this->declares['function'][] = $node->namespacedName->toString();
        } elseif ($node instanceof Node\Stmt\Const_) {
            foreach ($node->consts as $const) {
                $this->declares['const'][] = $const->namespacedName->toString();
            }
        } elseif ($node instanceof Node\Stmt\Use_ || $node instanceof Node\Stmt\GroupUse) {
            $prefix = $node instanceof Node\Stmt\GroupUse ? $node->prefix->toString() . '\\' : '';
            foreach ($node->uses as $use) {
                $type = $use->type ?: $node->type;
                $what = $type === Node\Stmt\Use_::TYPE_FUNCTION ? 'function'
                    : ($type === Node\Stmt\Use_::TYPE_CONSTANT ? 'const' : 'class');
                $this->used[$what . ' ' . $prefix . $use->name->toString()] = $use->getAlias()->toString();
            }

            return NodeTraverser::DONT_TRAVERSE_CHILDREN;
        } elseif ($node instanceof Node\Expr\FuncCall && $node->name instanceof Node\Name) {
            $this->called('function', $node->name);
            if (strtolower($node->name->toString()) === 'define' && isset($node->args[0])
                && $node->args[0]->value instanceof Node\Scalar\String_) {
                $this->declares['const'][] = $node->args[0]->value->value;
            }
            foreach ($node->args as $argument) {
                $argument->setAttribute('seen', true);
            }
            $node->name->setAttribute('callee', true);
        } elseif ($node instanceof Node\Expr\ConstFetch) {
            $this->called('const', $node->name);
            $node->name->setAttribute('callee', true);
        } elseif ($node instanceof Node\Name && !$node->hasAttribute('callee')) {
            // What is left are names of classes; declarations of namespaces are not fully qualified.
            if ($node instanceof Node\Name\FullyQualified) {
                $written = $node->getAttribute('originalName');
                if ($written !== null && $written->isQualified()) {
                    $this->opened[$written->getFirst()] = true;
                }
                $this->refer('class', $node->toString());
            }
        } elseif ($node instanceof Node\Expr\Include_) {
            $path = $this->path($node->expr);
            if ($path !== null) {
                $this->includes[] = $path;
            }
        }

        return null;
    }

    /** A function or constant: the name in the namespace first, then the global one. */
    private function called(string $what, Node\Name $name): void
    {
        $inner = $name->getAttribute('namespacedName');
        if ($inner !== null) {
            $this->refers[$what . ' ' . $inner] = [$what, $inner->toString(), $name->toString()];
        } else {
            $this->refer($what, $name->toString());
        }
    }

    /** The path of a constant expression, null for any other. */
    private function path(Node $node): ?string
    {
        $folder = '/' . (str_contains($this->path, '/') ? dirname($this->path) : '');
        if ($node instanceof Node\Scalar\String_) {
            return $node->value;
        }
        if ($node instanceof Node\Scalar\MagicConst\Dir) {
            return rtrim($folder, '/');
        }
        if ($node instanceof Node\Scalar\MagicConst\File) {
            return '/' . $this->path;
        }
        if ($node instanceof Node\Expr\BinaryOp\Concat) {
            $left = $this->path($node->left);
            $right = $this->path($node->right);

            return $left === null || $right === null ? null : $left . $right;
        }
        if ($node instanceof Node\Expr\FuncCall && $node->name instanceof Node\Name
            && strtolower($node->name->getLast()) === 'dirname') {
            $inner = $this->path($node->args[0]->value);
            $levels = isset($node->args[1]) && $node->args[1]->value instanceof Node\Scalar\LNumber
                ? $node->args[1]->value->value : 1;

            return $inner === null ? null : dirname($inner, $levels);
        }

        return null;
    }
}

function normalised(string $path): string
{
    $parts = [];
    foreach (explode('/', $path) as $part) {
        if ($part === '..') {
            array_pop($parts);
        } elseif ($part !== '' && $part !== '.') {
            $parts[] = $part;
        }
    }

    return implode('/', $parts);
}

exec('git ls-files', $files);
$exists = array_fill_keys($files, true);
$rules = [];
$mapped = [];
$loaded = [];
foreach ($files as $file) {
    if (basename($file) !== 'composer.json') {
        continue;
    }
    $composer = json_decode((string) file_get_contents($file), true);
    $home = $file === 'composer.json' ? '' : dirname($file);
    foreach (['autoload', 'autoload-dev'] as $section) {
        foreach (['psr-4', 'psr-0'] as $standard) {
            foreach ($composer[$section][$standard] ?? [] as $prefix => $folders) {
                foreach ((array) $folders as $folder) {
                    $rules[] = [trim($prefix, '\\'), normalised("$home/$folder"), $standard];
                }
            }
        }
        foreach ($composer[$section]['classmap'] ?? [] as $path) {
            $mapped[] = normalised("$home/$path");
        }
        foreach ($composer[$section]['files'] ?? [] as $path) {
            $loaded[normalised("$home/$path")] = true;
        }
    }
}
usort($rules, fn ($a, $b) => strlen($b[0]) <=> strlen($a[0]));

$parser = method_exists(PhpParser\ParserFactory::class, 'createForNewestSupportedVersion')
    ? (new PhpParser\ParserFactory())->createForNewestSupportedVersion()
    : (new PhpParser\ParserFactory())->create(PhpParser\ParserFactory::PREFER_PHP7);
$readers = [];
foreach ($files as $file) {
    if (!str_ends_with($file, '.php') || !is_file($file) || is_link($file)
        || str_ends_with($file, '.blade.php')) { // compiled by a framework first: most of it is text to PHP
        continue;
    }
    try {
        $nodes = $parser->parse((string) file_get_contents($file));
        $traverser = new NodeTraverser();
        $traverser->addVisitor(new NameResolver(null, ['preserveOriginalNames' => true]));
        $traverser->addVisitor($readers[$file] = new Reader($file));
        $traverser->traverse($nodes);
    } catch (Throwable $error) {
        fwrite(STDERR, "not parsed: $file: {$error->getMessage()}\n");
        unset($readers[$file]);
    }
}

$classes = $functions = $constants = $anywhere = [];
foreach ($readers as $file => $reader) {
    foreach ($reader->declares['class'] as $class) {
        $anywhere[strtolower($class)][$file] = true;
        if (isset($loaded[$file])) {
            $classes[strtolower($class)][$file] = true;
        }
        foreach ($mapped as $folder) {
            if ($file === $folder || str_starts_with($file, $folder === '' ? '' : "$folder/")) {
                $classes[strtolower($class)][$file] = true;
            }
        }
    }
    foreach (isset($loaded[$file]) ? $reader->declares['function'] : [] as $name) {
        $functions[strtolower($name)][$file] = true;
    }
    foreach (isset($loaded[$file]) ? $reader->declares['const'] : [] as $name) {
        $constants[$name][$file] = true;
    }
}

$find = function (string $class) use ($rules, $exists, $anywhere, $classes): array {
    foreach ($rules as [$prefix, $folder, $standard]) {
        if ($prefix !== '' && !str_starts_with($class, $standard === 'psr-0' ? $prefix : "$prefix\\")) {
            continue;
        }
        if ($standard === 'psr-4') {
            $rest = $prefix === '' ? $class : substr($class, strlen($prefix) + 1);
            $path = str_replace('\\', '/', $rest);
        } else {
            $cut = strrpos($class, '\\');
            $path = $cut === false ? str_replace('_', '/', $class)
                : str_replace('\\', '/', substr($class, 0, $cut + 1)) . str_replace('_', '/', substr($class, $cut + 1));
        }
        $path = ltrim("$folder/$path.php", '/');
        if (isset($exists[$path]) && isset($anywhere[strtolower($class)][$path])) {
            return [$path];
        }
    }

    return array_keys($classes[strtolower($class)] ?? []);
};

$beyond = [];
foreach ($readers as $file => $reader) {
    foreach ($reader->used as $use => $alias) {
        // An alias that only opens a namespace (`use A\B; new B\C`) names no class.
        if (!isset($reader->opened[$alias])) {
            $reader->refers[$use] = explode(' ', $use, 2);
        }
    }
    $edges = [];
    $own = array_map('strtolower', $reader->declares['class']);
    foreach ($reader->refers as $refer) {
        [$what, $name] = $refer;
        if ($what === 'class') {
            if (in_array(strtolower($name), $own, true)) {
                continue;
            }
            $found = $find($name);
            if (!$found && isset($anywhere[strtolower($name)])) {
                $beyond[$name] = true;
            }
        } else {
            $table = $what === 'function' ? $functions : $constants;
            $key = fn (string $text) => $what === 'function' ? strtolower($text) : $text;
            $found = array_keys($table[$key($name)] ?? (isset($refer[2]) ? $table[$key($refer[2])] ?? [] : []));
        }
        foreach ($found as $target) {
            $edges[$target] ??= "$what $name";
        }
    }
    foreach ($reader->includes as $path) {
        $target = normalised(str_starts_with($path, '/') ? $path : dirname($file) . '/' . $path);
        if (isset($exists[$target]) && !str_starts_with($path, '/') || str_starts_with($path, '/')) {
            if (isset($exists[$target])) {
                $edges[$target] ??= "include $path";
            }
        }
    }
    unset($edges[$file]);
    echo "$file\n";
    foreach ($edges as $target => $why) {
        echo "$file\t$target\t$why\n";
    }
}
fwrite(STDERR, count($beyond) . " classes are declared where no autoloader looks\n");
