using System.Security.Cryptography;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KdKernels.Kernels.Manifest;

/// <summary>
/// SHA-256 over the tokens of the C# that a stem's PTX is made from. Comments and white space do not count, so that
/// only a change of code makes PTX stale.
/// </summary>
public static class SourceHash
{
    // Catalog and variant say which generic instances there are, with how many threads.
    private static readonly string[] SharedParts = ["Device", "Compiler", "KernelVariant.cs", "KernelCatalog.cs"];

    private static readonly CSharpParseOptions Options = new(LanguageVersion.Preview, DocumentationMode.None);

    /// <summary>The hash of a stem.</summary>
    /// <param name="project">Folder of KdKernels.Kernels.</param>
    /// <param name="stem">Name of the op's folder in it.</param>
    public static string OfStem(string project, string stem)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string part in SharedParts.Prepend(stem))
        {
            string path = Path.Combine(project, part);
            if (File.Exists(path)) Add(hash, part, File.ReadAllText(path));
            else if (Directory.Exists(path)) AddFolder(hash, project, path);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The hash of one text, as <see cref="OfStem"/> counts it.</summary>
    public static string OfText(string code)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, "", code);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void AddFolder(IncrementalHash hash, string project, string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path: file, Name: Path.GetRelativePath(project, file).Replace('\\', '/')))
            .OrderBy(file => file.Name, StringComparer.Ordinal);
        foreach ((string path, string name) in files) Add(hash, name, File.ReadAllText(path));
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
