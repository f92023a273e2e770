@file:OptIn(SymbolInternals::class, ExperimentalCompilerApi::class, DirectDeclarationsAccess::class)

package oracle

import java.io.File
import org.jetbrains.kotlin.KtPsiSourceElement
import org.jetbrains.kotlin.KtRealSourceElementKind
import org.jetbrains.kotlin.KtSourceElement
import org.jetbrains.kotlin.compiler.plugin.CompilerPluginRegistrar
import org.jetbrains.kotlin.compiler.plugin.ExperimentalCompilerApi
import org.jetbrains.kotlin.config.CompilerConfiguration
import org.jetbrains.kotlin.diagnostics.DiagnosticReporter
import org.jetbrains.kotlin.fir.FirElement
import org.jetbrains.kotlin.fir.FirSession
import org.jetbrains.kotlin.fir.analysis.checkers.MppCheckerKind
import org.jetbrains.kotlin.fir.analysis.checkers.context.CheckerContext
import org.jetbrains.kotlin.fir.analysis.checkers.declaration.DeclarationCheckers
import org.jetbrains.kotlin.fir.analysis.checkers.declaration.FirFileChecker
import org.jetbrains.kotlin.fir.analysis.extensions.FirAdditionalCheckersExtension
import org.jetbrains.kotlin.fir.declarations.DirectDeclarationsAccess
import org.jetbrains.kotlin.fir.declarations.FirFile
import org.jetbrains.kotlin.fir.declarations.FirResolvedImport
import org.jetbrains.kotlin.fir.expressions.FirResolvedQualifier
import org.jetbrains.kotlin.fir.extensions.FirExtensionRegistrar
import org.jetbrains.kotlin.fir.extensions.FirExtensionRegistrarAdapter
import org.jetbrains.kotlin.fir.references.FirResolvedNamedReference
import org.jetbrains.kotlin.fir.resolve.providers.firProvider
import org.jetbrains.kotlin.fir.resolve.providers.symbolProvider
import org.jetbrains.kotlin.fir.symbols.SymbolInternals
import org.jetbrains.kotlin.fir.symbols.impl.FirCallableSymbol
import org.jetbrains.kotlin.fir.symbols.impl.FirConstructorSymbol
import org.jetbrains.kotlin.fir.types.ConeClassLikeType
import org.jetbrains.kotlin.fir.types.ConeKotlinType
import org.jetbrains.kotlin.fir.types.FirResolvedTypeRef
import org.jetbrains.kotlin.fir.types.abbreviatedTypeOrSelf
import org.jetbrains.kotlin.fir.types.type
import org.jetbrains.kotlin.fir.visitors.FirVisitorVoid
import org.jetbrains.kotlin.name.ClassId
import org.jetbrains.kotlin.name.FqName
import org.jetbrains.kotlin.text

/**
 * Which source files a Kotlin file names, as the compiler itself resolves it: a plug-in that reads each file's tree
 * after resolution. It writes `from TAB to TAB how` to the file that ORACLE_OUTPUT names: "named" where the text has the
 * name of a top-level declaration of the other file, "member" where only a member, another overload of an imported
 * function, or what an alias stands for is meant; `file TAB TAB compiled` lists what was read. What third-party
 * libraries declare is unknown and stops nothing.
 */
class KotlinNames : CompilerPluginRegistrar() {
    override val pluginId: String get() = "oracle"
    override val supportsK2: Boolean get() = true

    override fun ExtensionStorage.registerExtensions(configuration: CompilerConfiguration) {
        FirExtensionRegistrarAdapter.registerExtension(object : FirExtensionRegistrar() {
            override fun ExtensionRegistrarContext.configurePlugin() {
                +::Extension
            }
        })
    }
}

class Extension(session: FirSession) : FirAdditionalCheckersExtension(session) {
    override val declarationCheckers: DeclarationCheckers = object : DeclarationCheckers() {
        override val fileCheckers: Set<FirFileChecker> = setOf(Checker)
    }
}

object Checker : FirFileChecker(MppCheckerKind.Common) {
    private val output = File(System.getenv("ORACLE_OUTPUT")).printWriter()

    context(context: CheckerContext, reporter: DiagnosticReporter)
    override fun check(declaration: FirFile) {
        val names = Names(declaration, context.session)
        declaration.imports.forEach { if (it is FirResolvedImport) names.import(it) }
        declaration.acceptChildren(names)
        synchronized(output) {
            names.found.forEach(output::println)
            output.flush()
        }
    }
}

class Names(private val file: FirFile, private val session: FirSession) : FirVisitorVoid() {
    val found = sortedSetOf("${file.sourceFile?.path}\t\tcompiled")

    private fun add(target: String?, how: String) {
        val from = file.sourceFile?.path
        if (target != null && from != null && target != from) found.add("$from\t$target\t$how")
    }

    private fun fileOf(id: ClassId): String? {
        val outer = id.outermostClassId
        session.firProvider.getFirClassifierContainerFileIfAny(outer)?.let { return it.sourceFile?.path }
        val symbol = session.symbolProvider.getClassLikeSymbolByClassId(outer) ?: return null
        return pathOf(symbol.fir.source)
    }

    private fun pathOf(source: KtSourceElement?): String? =
        (source as? KtPsiSourceElement)?.psi?.containingFile?.virtualFile?.path

    private fun fileOf(symbol: FirCallableSymbol<*>): String? {
        session.firProvider.getFirCallableContainerFile(symbol)?.let { return it.sourceFile?.path }
        return symbol.callableId?.classId?.let(::fileOf)
    }

    fun import(import: FirResolvedImport) {
        val parent = import.resolvedParentClassId
        if (parent != null) return add(fileOf(parent), "named")
        if (import.isAllUnder) return
        val name = import.importedName ?: return
        add(fileOf(ClassId(import.packageFqName, FqName.topLevel(name), false)), "named")
        for (symbol in session.symbolProvider.getTopLevelCallableSymbols(import.packageFqName, name)) {
            add(fileOf(symbol), "member")
        }
    }

    override fun visitElement(element: FirElement) {
        element.acceptChildren(this)
    }

    override fun visitResolvedTypeRef(resolvedTypeRef: FirResolvedTypeRef) {
        if (resolvedTypeRef.source?.kind is KtRealSourceElementKind) {
            val text = resolvedTypeRef.source?.text?.toString() ?: ""
            type(resolvedTypeRef.coneType, text)
        }
        resolvedTypeRef.acceptChildren(this)
    }

    private fun type(type: ConeKotlinType, text: String) {
        val written = type.abbreviatedTypeOrSelf
        if (written is ConeClassLikeType) {
            add(fileOf(written.lookupTag.classId), how(written.lookupTag.classId, text))
        }
        written.typeArguments.forEach { argument -> argument.type?.let { type(it, text) } }
    }

    private fun how(id: ClassId, text: String): String =
        if (id.outermostClassId.shortClassName.asString() in text) "named" else "member"

    override fun visitResolvedQualifier(resolvedQualifier: FirResolvedQualifier) {
        val id = resolvedQualifier.classId
        val text = resolvedQualifier.source?.text?.toString() ?: ""
        if (id != null && resolvedQualifier.source?.kind is KtRealSourceElementKind) add(fileOf(id), how(id, text))
        resolvedQualifier.acceptChildren(this)
    }

    override fun visitResolvedNamedReference(resolvedNamedReference: FirResolvedNamedReference) {
        val symbol = resolvedNamedReference.resolvedSymbol as? FirCallableSymbol<*> ?: return
        val target = fileOf(symbol)
        val text = resolvedNamedReference.source?.text?.toString() ?: ""
        val owner = symbol.callableId?.className
        val how = when {
            symbol is FirConstructorSymbol ->
                if (owner != null && owner.asString() in text && owner.parent().isRoot) "named" else "member"
            owner != null -> "member"
            resolvedNamedReference.name.asString() in text -> "named"
            else -> "member"
        }
        add(target, how)
    }
}
