namespace KdKernels.Kernels.Manifest;

/// <summary>Where the source tree keeps kernels and their PTX.</summary>
public static class RepositoryFolders
{
    /// <summary>Top of the source tree that this was built in.</summary>
    /// <exception cref="DirectoryNotFoundException">The program lies outside the source tree.</exception>
    public static string Root { get; } = Find();

    /// <summary>The project of the kernels.</summary>
    public static string KernelProject => Path.Combine(Root, "kernels", "KdKernels.Kernels");

    /// <summary>The generated PTX.</summary>
    public static string Ptx => Path.Combine(Root, "kernels", "ptx");

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "KdKernels.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException(
            $"expected KdKernels.sln in a folder above {AppContext.BaseDirectory}, but none has it.");
    }
}
