using System.Reflection;

namespace KdKernels.Kernels.Tests;

/// <summary>The declarations that stand in for ILGPU, against the package.</summary>
public sealed class IlgpuSignatureTests
{
    private const BindingFlags Public =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;

    private static readonly Assembly Signatures = Assembly.Load("KdKernels.IlgpuSignatures");

    [Fact]
    public void Say_that_they_are_signatures_when_they_are_called()
    {
        Type warp = Signatures.GetType("ILGPU.Warp", throwOnError: true)!;
        var thrown = Assert.Throws<TargetInvocationException>(() => warp.GetProperty("LaneIdx")!.GetValue(null));
        var failure = Assert.IsType<NotSupportedException>(thrown.InnerException);
        Assert.Contains("signature of ILGPU's Warp.LaneIdx", failure.Message, StringComparison.Ordinal);
    }

    [IlgpuFact]
    public void Declare_nothing_that_the_package_does_not_have()
    {
        Assembly package = Assembly.LoadFrom(IlgpuFactAttribute.Path!);
        Type[] declared = Signatures.GetExportedTypes();
        Assert.True(declared.Length > 20, $"expected some types but got {declared.Length}");
        string[] missing = [.. declared.SelectMany(type => Missing(type, package.GetType(type.FullName!)))];
        Assert.True(missing.Length == 0, string.Join('\n', missing));
    }

    private static IEnumerable<string> Missing(Type declared, Type? real)
    {
        if (real is null || !real.IsVisible)
        {
            yield return $"type {declared.FullName}";
            yield break;
        }

        if (declared.IsEnum)
        {
            foreach (string name in Enum.GetNames(declared))
            {
                long expected = Convert.ToInt64(Enum.Parse(declared, name));
                if (!Enum.TryParse(real, name, out object? value) || Convert.ToInt64(value) != expected)
                    yield return $"value {declared.FullName}.{name}";
            }

            yield break;
        }

        bool isStatic = declared.IsAbstract && declared.IsSealed;
        if (declared.IsValueType != real.IsValueType || isStatic != (real.IsAbstract && real.IsSealed))
            yield return $"kind of type {declared.FullName}";
        Type? parent = declared.BaseType;
        if (parent?.Assembly == Signatures && !Ancestors(real).Contains(Name(parent)))
            yield return $"base type {Name(parent)} of {declared.FullName}";
        HashSet<string> members = [.. real.GetMembers(Public).Select(Describe)];
        foreach (MemberInfo member in declared.GetMembers(Public | BindingFlags.DeclaredOnly))
        {
            if (member is not Type && !members.Contains(Describe(member)))
                yield return $"{Describe(member)} of {declared.FullName}";
        }
    }

    private static IEnumerable<string> Ancestors(Type type)
    {
        for (Type? parent = type.BaseType; parent is not null; parent = parent.BaseType) yield return Name(parent);
    }

    private static string Describe(MemberInfo member) => member switch
    {
        MethodInfo method => $"{(method.IsStatic ? "static " : "")}{Name(method.ReturnType)} {method.Name}"
            + $"{Generics(method)}({Parameters(method)})",
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        FieldInfo field => $"{(field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}",
        PropertyInfo property => $"property {Name(property.PropertyType)} {property.Name}",
        _ => member.ToString()!,
    };

    private static string Generics(MethodInfo method) => method.IsGenericMethod
        ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.GenericParameterAttributes))}>"
        : "";

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(Describe));

    private static string Describe(ParameterInfo parameter) =>
        (parameter.IsIn ? "in " : parameter.IsOut ? "out " : "")
        + $"{Name(parameter.ParameterType)} {parameter.Name}"
        + (parameter.IsOptional ? $" = {parameter.RawDefaultValue}" : "");

    /// <summary>A type's name without its assembly; type parameters by their places.</summary>
    private static string Name(Type type)
    {
        if (type.IsByRef) return Name(type.GetElementType()!) + "&";
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        if (type.IsGenericMethodParameter) return $"!!{type.GenericParameterPosition}";
        if (type.IsGenericTypeParameter) return $"!{type.GenericParameterPosition}";
        string name = type.DeclaringType is { } outer
            ? $"{outer.FullName}+{type.Name}"
            : $"{type.Namespace}.{type.Name}";
        return type.IsGenericType ? $"{name}[{string.Join(",", type.GetGenericArguments().Select(Name))}]" : name;
    }
}

/// <summary>
/// A test that needs ILGPU.dll: the one that the kernels were built with where the feed has the package, or the one that KD_ILGPU_DLL
/// names; else skipped, visibly.
/// </summary>
public sealed class IlgpuFactAttribute : FactAttribute
{
    public IlgpuFactAttribute()
    {
        if (Path is null) Skip = "the feed has no ILGPU and KD_ILGPU_DLL names no ILGPU.dll to compare with";
    }

    public static string? Path { get; } =
        new[] { Environment.GetEnvironmentVariable("KD_ILGPU_DLL"), System.IO.Path.Combine(AppContext.BaseDirectory, "ILGPU.dll") }
            .FirstOrDefault(File.Exists);
}
