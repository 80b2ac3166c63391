using System.Globalization;

namespace KdKernels.Distillation.Data;

/// <summary>Looks into folders; what the file system throws becomes <see cref="KdDataException"/>.</summary>
internal static class DataFolder
{
    /// <summary>Files <c>prefix + number + suffix</c>, by number.</summary>
    public static IReadOnlyList<string> NumberedFiles(string folder, string prefix, string suffix)
    {
        var found = new SortedDictionary<int, string>();
        foreach (string path in Entries(folder, () => Directory.EnumerateFiles(folder)))
        {
            string name = Path.GetFileName(path);
            if (!name.StartsWith(prefix, StringComparison.Ordinal) || !name.EndsWith(suffix, StringComparison.Ordinal))
                continue;
            int end = name.Length - suffix.Length;
            if (end > prefix.Length
                && IsNumber(name.AsSpan(prefix.Length, end - prefix.Length), out int number)
                && !found.TryAdd(number, path))
            {
                throw new KdDataException(
                    folder, offset: null, $"expected one file of number {number} but got {found[number]} and {path}");
            }
        }

        return [.. found.Values];
    }

    /// <summary>Names inside a folder in ordinal order, the same on every machine.</summary>
    public static IReadOnlyList<string> Entries(string folder, Func<IEnumerable<string>> list)
    {
        try
        {
            string[] entries = [.. list()];
            Array.Sort(entries, StringComparer.Ordinal);
            return entries;
        }
        catch (DirectoryNotFoundException e)
        {
            throw new KdDataException(folder, offset: null, "expected a folder but there is none", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KdDataException(folder, offset: null, $"expected a readable folder but got: {e.Message}", e);
        }
    }

    private static bool IsNumber(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    /// <summary>A whole image file; none that the decoders accept needs more than this.</summary>
    public static byte[] ReadFile(string path)
    {
        const long limit = 512L << 20;
        using DataInput input = DataInput.Open(path);
        if (!input.IsExact || input.MaxLength > limit)
        {
            throw new KdDataException(
                path, offset: 0, $"expected an image file of at most {limit} bytes but got {Kind(input)}");
        }

        byte[] bytes = new byte[input.MaxLength];
        input.ReadExactly(bytes, "the file");
        return bytes;
    }

    private static string Kind(DataInput input) => input.IsExact ? $"{input.MaxLength} bytes" : "a gzip file";
}
