import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import com.sun.tools.javac.api.JavacTaskImpl;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.Name;
import javax.lang.model.element.TypeElement;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Which source files name which: what the Java compiler itself says of each name.
 *
 * <p>Arguments: a folder, and a file that lists the sources below it, one a line. Standard output: one
 * {@code from TAB to TAB how} a line. How is "failed", without a target, for a file the compiler gave up on;  "named" where the text names a top-level type of the other file, and
 * "member" where only a member, an inherited nested type or a constructor of it is meant. Nothing is generated, no
 * annotation processor runs, and what third-party libraries declare is simply unknown.
 */
final class JavaTypes extends TreePathScanner<Void, Void> {
    private final Trees trees;
    private final Path root;
    private final Set<String> found = new TreeSet<>();
    private CompilationUnitTree unit;
    private String text = "";

    private JavaTypes(Trees trees, Path root) {
        this.trees = trees;
        this.root = root;
    }

    public static void main(String[] arguments) throws Exception {
        Path root = Path.of(arguments[0]).toRealPath();
        List<Path> sources = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(arguments[1]))) {
            sources.add(root.resolve(line));
        }
        var compiler = ToolProvider.getSystemJavaCompiler();
        StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
        // Attribution goes on after errors: every import of a library that is not here is one.
        List<String> options = List.of(
            "-proc:none", "-implicit:none", "-Xmaxerrs", "1", "-Xlint:none", "-XDshould-stop.ifError=ATTR");
        JavacTaskImpl task = (JavacTaskImpl) compiler.getTask(
            new PrintWriter(new StringWriter()), files, diagnostic -> { }, options, null,
            files.getJavaFileObjectsFromPaths(sources));
        List<CompilationUnitTree> units = new ArrayList<>();
        task.parse().forEach(units::add);
        JavaTypes scanner = new JavaTypes(Trees.instance(task), root);
        Set<CompilationUnitTree> failed = new HashSet<>();
        for (Element type : task.enter(units)) {
            try {
                task.analyze(List.of(type));
            } catch (IllegalStateException | AssertionError error) {
                // The compiler fails on some switch expressions over types it does not know.
                TreePath declared = scanner.trees.getPath(type);
                if (declared != null) {
                    failed.add(declared.getCompilationUnit());
                }
            }
        }
        for (CompilationUnitTree each : units) {
            if (failed.contains(each)) {
                System.out.println(scanner.path(each) + "\t\tfailed");
                continue;
            }
            scanner.unit = each;
            scanner.text = each.getSourceFile().getCharContent(true).toString();
            scanner.scan(each, null);
        }
        scanner.found.forEach(System.out::println);
    }

    @Override
    public Void visitIdentifier(IdentifierTree node, Void unused) {
        if (isWritten(node, node.getName())) {
            meet(trees.getElement(getCurrentPath()));
        }
        return super.visitIdentifier(node, unused);
    }

    @Override
    public Void visitMemberSelect(MemberSelectTree node, Void unused) {
        ExpressionTree first = node.getExpression();
        while (first instanceof MemberSelectTree) {
            first = ((MemberSelectTree) first).getExpression();
        }
        if (!(first instanceof IdentifierTree) || isWritten(first, ((IdentifierTree) first).getName())) {
            meet(trees.getElement(getCurrentPath()));
        }
        return super.visitMemberSelect(node, unused);
    }

    /** The compiler writes the types of `var` and of a lambda's parameters into the tree: only the text counts. */
    private boolean isWritten(ExpressionTree node, Name name) {
        long start = trees.getSourcePositions().getStartPosition(unit, node);
        return start >= 0 && text.startsWith(name.toString(), (int) start);
    }

    private void meet(Element element) {
        if (element == null || element.getKind() == ElementKind.PACKAGE || element.getKind() == ElementKind.MODULE) {
            return;
        }
        Element outer = element;
        while (outer.getEnclosingElement() != null && outer.getEnclosingElement().getKind() != ElementKind.PACKAGE) {
            outer = outer.getEnclosingElement();
        }
        TreePath declared = outer instanceof TypeElement ? trees.getPath(outer) : null;
        if (declared == null) {
            return;
        }
        String from = path(unit);
        String to = path(declared.getCompilationUnit());
        if (!from.equals(to)) {
            found.add(from + "\t" + to + "\t" + (element == outer ? "named" : "member"));
        }
    }

    private String path(CompilationUnitTree of) {
        return root.relativize(Path.of(of.getSourceFile().toUri())).toString();
    }
}
