using System.Security.Cryptography;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KdKernels.Kernels.Manifest;

/// <summary>
/// SHA-256 over the tokens of the C# that a stem's PTX is made from. Comments and white space do not count, so that
/// only a change of code makes PTX stale.
/// </summary>
public static class SourceHash
{
    // What every kernel goes through.
    private static readonly string[] SharedParts = ["Compiler", "KernelVariant.cs"];

    private const string Root = "KdKernels.Kernels.";

    private static readonly CSharpParseOptions Options = new(LanguageVersion.Preview, DocumentationMode.None);

    /// <summary>
    /// The hash of a stem: of its folder, of what every kernel goes through, and of each folder of Device whose
    /// namespace these use, directly or through another one.
    /// </summary>
    /// <param name="project">Folder of KdKernels.Kernels.</param>
    /// <param name="stem">Name of the op's folder in it.</param>
    public static string OfStem(string project, string stem)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, string code) in FilesOf(project, stem)) Add(hash, name, code);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Names, relative to the project, of the files that a stem's PTX is made from.</summary>
    public static IReadOnlyList<string> Sources(string project, string stem) =>
        [.. FilesOf(project, stem).Select(file => file.Name)];

    /// <summary>The hash of one text, as <see cref="OfStem"/> counts it.</summary>
    public static string OfText(string code)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, "", code);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static (string Name, string Code)[] FilesOf(string project, string stem)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var parts = new Queue<string>([stem, .. SharedParts]);
        var seen = new HashSet<string>(parts, StringComparer.Ordinal);
        while (parts.TryDequeue(out string? part))
        {
            foreach (string path in FilesIn(Path.Combine(project, part), isStem: part == stem))
            {
                string code = File.ReadAllText(path);
                files[Path.GetRelativePath(project, path).Replace('\\', '/')] = code;
                foreach (string used in UsedFolders(code))
                    if (seen.Add(used)) parts.Enqueue(used);
            }
        }

        return [.. files.Select(file => (file.Key, file.Value))];
    }

    // A folder of Device stands for its own files alone: those below it are namespaces of their own.
    private static IEnumerable<string> FilesIn(string path, bool isStem)
    {
        if (File.Exists(path)) return [path];
        if (!Directory.Exists(path)) return [];
        return Directory.EnumerateFiles(
            path, "*.cs", isStem ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly);
    }

    /// <summary>The project's folders that a file names: its usings, and the namespaces around its own.</summary>
    private static IEnumerable<string> UsedFolders(string code)
    {
        SyntaxNode root = CSharpSyntaxTree.ParseText(code, Options).GetRoot();
        IEnumerable<string> names = root.DescendantNodes()
            .Select(node => node switch
            {
                UsingDirectiveSyntax { Name: { } used } => used.ToString(),
                BaseNamespaceDeclarationSyntax declared => declared.Name.ToString(),
                _ => "",
            })
            .Where(name => name.StartsWith(Root, StringComparison.Ordinal));
        foreach (string name in names)
        {
            string folder = name[Root.Length..].Replace('.', '/');
            for (; folder.Length > 0; folder = Path.GetDirectoryName(folder)!.Replace('\\', '/')) yield return folder;
        }
    }

    private static void Add(IncrementalHash hash, string name, string code)
    {
        Append(hash, name);
        foreach (SyntaxToken token in SyntaxFactory.ParseTokens(code, options: Options))
        {
            foreach (SyntaxTrivia trivia in token.LeadingTrivia)
                if (trivia.IsDirective || trivia.IsKind(SyntaxKind.DisabledTextTrivia))
                    Append(hash, trivia.ToFullString().Trim());
            Append(hash, token.Text);
        }
    }

    private static void Append(IncrementalHash hash, string token)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(token));
        hash.AppendData([0]);
    }
}
