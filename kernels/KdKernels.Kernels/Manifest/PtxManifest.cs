using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KdKernels.Kernels.Manifest;

/// <summary>kernels/ptx/manifest.json: what the library's launcher and the tests know about each PTX file.</summary>
public sealed record PtxManifest(
    int Format, string Compiler, string? Assembler, IReadOnlyList<StemEntry> Stems)
{
    public const int CurrentFormat = 1;
    public const string FileName = "manifest.json";

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Every kernel with the stem that it belongs to.</summary>
    [JsonIgnore]
    public IEnumerable<(StemEntry Stem, KernelEntry Kernel)> Kernels =>
        Stems.SelectMany(stem => stem.Kernels.Select(kernel => (stem, kernel)));

    /// <summary>Reads the manifest of a folder, or null where there is none yet.</summary>
    /// <exception cref="InvalidDataException">It is there, but not of this format.</exception>
    public static PtxManifest? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return null;
        try
        {
            PtxManifest manifest = JsonSerializer.Deserialize<PtxManifest>(File.ReadAllText(path), Options)
                ?? throw new InvalidDataException($"{path}: expected an object but got null");
            return manifest.Format == CurrentFormat
                ? manifest
                : throw new InvalidDataException($"{path}: expected format {CurrentFormat} but got {manifest.Format}");
        }
        catch (JsonException failure)
        {
            throw new InvalidDataException($"{path}: {failure.Message}", failure);
        }
    }

    /// <summary>The file's text: a few lines per kernel, so that a difference shows which kernel changed.</summary>
    public string ToJson()
    {
        var text = new StringBuilder("{\n");
        text.Append($"  \"format\": {Format},\n  \"compiler\": {Json(Compiler)},\n");
        text.Append($"  \"assembler\": {Json(Assembler)},\n");
        text.Append("  \"stems\": [");
        text.AppendJoin(",", Stems.Select(StemJson)).Append("\n  ]\n}\n");
        return text.ToString();
    }

    private static string StemJson(StemEntry stem)
    {
        var text = new StringBuilder();
        text.Append($"\n    {{ \"stem\": {Json(stem.Stem)}, \"sources\": {Json(stem.Sources)},\n      \"kernels\": [");
        text.AppendJoin(",", stem.Kernels.Select(KernelJson)).Append(" ] }");
        return text.ToString();
    }

    private static string KernelJson(KernelEntry kernel)
    {
        // The serializer knows names and escapes; the line breaks come in front of the two long members.
        string line = Json(kernel);
        line = line.Replace("\"parameters\":", "\n          \"parameters\":", StringComparison.Ordinal);
        line = line.Replace("\"ptxas\":", "\n          \"ptxas\":", StringComparison.Ordinal);
        return "\n        " + line;
    }

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, Options);
}

/// <summary>The kernels of one op.</summary>
/// <param name="Stem">Name of the op and of its folder.</param>
/// <param name="Sources">Hash of the C# that the PTX was made from: see <see cref="SourceHash"/>.</param>
/// <param name="Kernels">In the order of their names.</param>
public sealed record StemEntry(string Stem, string Sources, IReadOnlyList<KernelEntry> Kernels);

/// <summary>One PTX file.</summary>
/// <param name="Name">Variant, unique in its stem.</param>
/// <param name="Kind">What inputs it takes and how it walks them.</param>
/// <param name="ElementType">float32, float16 or bfloat16; what it reads and writes.</param>
/// <param name="File">Path below kernels/ptx.</param>
/// <param name="Sha256">Of the file's bytes.</param>
/// <param name="Entry">Name for cuModuleGetFunction.</param>
/// <param name="Target">Least device: sm_75 or above.</param>
/// <param name="Threads">Threads of a block.</param>
/// <param name="MaxClasses">Longest row that it takes; 0 for any.</param>
/// <param name="SharedBytes">Static shared memory of a block.</param>
/// <param name="Parameters">Layout of the arguments.</param>
/// <param name="Ptxas">What the assembler reported per device; null where it was not asked.</param>
public sealed record KernelEntry(
    string Name,
    string Kind,
    string ElementType,
    string File,
    string Sha256,
    string Entry,
    string Target,
    int Threads,
    int MaxClasses,
    int SharedBytes,
    IReadOnlyList<ParameterEntry> Parameters,
    IReadOnlyDictionary<string, AssemblerReport>? Ptxas);

/// <summary>One kernel parameter, a struct.</summary>
public sealed record ParameterEntry(string Type, int Bytes, IReadOnlyList<FieldEntry> Fields);

/// <summary>One field of a parameter.</summary>
public sealed record FieldEntry(string Name, int Offset, int Bytes);

/// <summary>What ptxas made of a kernel, with counts of its machine instructions; -1 where no disassembler was at
/// hand.</summary>
public sealed record AssemblerReport(
    int Registers,
    int StackBytes,
    int SpillBytes,
    int Instructions,
    int Ldg128,
    int Stg128,
    int Mufu,
    int Shfl,
    int Bar,
    int Ldl,
    int Stl,
    int Call,
    int F64);
