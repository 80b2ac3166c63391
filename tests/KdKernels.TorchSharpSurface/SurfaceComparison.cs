using System.Reflection;

namespace KdKernels.TorchSharpSurface;

/// <summary>
/// Whether all that one assembly shows is in another as well: code that compiles against the subset then compiles against the whole.
/// </summary>
internal sealed class SurfaceComparison
{
    private readonly List<string> _differences = [];

    private SurfaceComparison()
    {
    }

    internal int Types { get; private set; }

    internal int Members { get; private set; }

    internal int Parameters { get; private set; }

    internal IReadOnlyList<string> Differences => _differences;

    internal static SurfaceComparison Of(Assembly subset, Assembly whole)
    {
        var comparison = new SurfaceComparison();
        foreach (Type type in PublicSurface.Types(subset)) comparison.Compare(type, whole.GetType(type.FullName!));
        return comparison;
    }

    private void Compare(Type ours, Type? theirs)
    {
        Types++;
        string name = PublicSurface.NameOf(ours);
        if (theirs is null)
        {
            _differences.Add($"{name}: there is no such type.");
            return;
        }
        CompareShape(name, ours, theirs);
        Type[] hierarchy = Hierarchy(theirs).ToArray();
        foreach (MethodInfo method in PublicSurface.Methods(ours)) CompareMethod(name, method, hierarchy);
        foreach (ConstructorInfo constructor in PublicSurface.Constructors(ours))
        {
            Count(constructor);
            var match = PublicSurface.Constructors(theirs).FirstOrDefault(other => SameSignature(constructor, other));
            if (match is null)
                Missing(name, PublicSurface.Signature(constructor), PublicSurface.Constructors(theirs).Select(PublicSurface.Signature));
            else if (constructor.IsPublic && !match.IsPublic && !theirs.IsAbstract)
                _differences.Add($"{name}: the constructor {PublicSurface.Signature(constructor)} is not public there.");
        }
        foreach (PropertyInfo property in PublicSurface.Properties(ours)) CompareProperty(name, property, hierarchy);
        foreach (FieldInfo field in PublicSurface.Fields(ours))
        {
            Members++;
            var match = hierarchy.SelectMany(PublicSurface.Fields).FirstOrDefault(other => Same(
                PublicSurface.Signature(field), PublicSurface.Signature(other)));
            if (match is null)
            {
                Missing(name, PublicSurface.Signature(field), hierarchy.SelectMany(PublicSurface.Fields)
                    .Where(other => Same(other.Name, field.Name)).Select(PublicSurface.Signature));
            }
            else if (field.IsPublic != match.IsPublic || (match.IsInitOnly && !field.IsInitOnly))
            {
                _differences.Add($"{name}: the field {field.Name} is not equally accessible there.");
            }
        }
    }

    private void CompareShape(string name, Type ours, Type theirs)
    {
        if (!Same(Kind(ours), Kind(theirs))) _differences.Add($"{name}: it is a {Kind(theirs)} there but a {Kind(ours)} here.");
        if (theirs.IsSealed && !ours.IsSealed) _differences.Add($"{name}: it is sealed there.");
        if (theirs.IsAbstract && !ours.IsAbstract) _differences.Add($"{name}: it is abstract there.");
        if (ours.IsEnum)
        {
            if (!Same(PublicSurface.NameOf(Enum.GetUnderlyingType(ours)), PublicSurface.NameOf(Enum.GetUnderlyingType(theirs))))
                _differences.Add($"{name}: its underlying type is {Enum.GetUnderlyingType(theirs)} there.");
            return;
        }
        if (ours.BaseType is { } parent
            && !Hierarchy(theirs).Skip(1).Any(other => Same(PublicSurface.NameOf(parent), PublicSurface.NameOf(other))))
        {
            _differences.Add($"{name}: it does not derive from {PublicSurface.NameOf(parent)} there.");
        }
        var theirInterfaces = theirs.GetInterfaces().Select(PublicSurface.NameOf).ToHashSet(StringComparer.Ordinal);
        foreach (Type contract in ours.GetInterfaces().Where(contract => contract.IsVisible))
        {
            if (!theirInterfaces.Contains(PublicSurface.NameOf(contract)))
                _differences.Add($"{name}: it does not implement {PublicSurface.NameOf(contract)} there.");
        }
    }

    private void CompareMethod(string name, MethodInfo method, Type[] hierarchy)
    {
        Count(method);
        var candidates = hierarchy.SelectMany(PublicSurface.Methods).Where(other => Same(other.Name, method.Name)).ToArray();
        var match = candidates.FirstOrDefault(other => SameSignature(method, other));
        if (match is null)
        {
            Missing(name, PublicSurface.Signature(method), candidates.Select(PublicSurface.Signature));
            return;
        }
        string signature = PublicSurface.Signature(method);
        if (method.IsPublic != match.IsPublic) _differences.Add($"{name}: {signature} is {Access(match)} there.");
        if (Overridable(method) && !Overridable(match)) _differences.Add($"{name}: {signature} cannot be overridden there.");
        if (match.IsAbstract && !method.IsAbstract && !match.DeclaringType!.IsInterface && !IsOverride(method))
            _differences.Add($"{name}: {signature} is abstract there.");
        CompareConstraints(name, method, match);
    }

    private void CompareConstraints(string name, MethodInfo method, MethodInfo match)
    {
        if (!method.IsGenericMethod) return;
        foreach (var (ours, theirs) in method.GetGenericArguments().Zip(match.GetGenericArguments()))
        {
            var here = ours.GetGenericParameterConstraints().Select(PublicSurface.NameOf).ToHashSet(StringComparer.Ordinal);
            if (theirs.GetGenericParameterConstraints().Select(PublicSurface.NameOf).Any(there => !here.Contains(there)))
                _differences.Add($"{name}: {method.Name} constrains {ours.Name} more there.");
        }
    }

    private void CompareProperty(string name, PropertyInfo property, Type[] hierarchy)
    {
        Members++;
        Parameters += property.GetIndexParameters().Length;
        string signature = PublicSurface.Signature(property);
        var candidates = hierarchy.SelectMany(PublicSurface.Properties).Where(other => Same(other.Name, property.Name)).ToArray();
        var matches = candidates.Where(other => Same(signature, PublicSurface.Signature(other))).ToArray();
        if (matches.Length == 0)
            Missing(name, signature, candidates.Select(PublicSurface.Signature));
        else if (!Covers(property.GetMethod, matches.Select(match => match.GetMethod)))
            _differences.Add($"{name}: {signature} cannot be read there.");
        else if (!Covers(property.SetMethod, matches.Select(match => match.SetMethod)))
            _differences.Add($"{name}: {signature} cannot be set there.");
    }

    private static bool Covers(MethodInfo? ours, IEnumerable<MethodInfo?> theirs) =>
        ours is null || !PublicSurface.IsVisible(ours)
        || theirs.Any(other => other is not null && (ours.IsPublic ? other.IsPublic : PublicSurface.IsVisible(other)));

    private void Count(MethodBase method)
    {
        Members++;
        Parameters += method.GetParameters().Length;
    }

    private void Missing(string type, string member, IEnumerable<string> candidates) =>
        _differences.Add($"{type}: expected\n    {member}\n  but got\n    {string.Join("\n    ", candidates.DefaultIfEmpty("no such member"))}");

    private static IEnumerable<Type> Hierarchy(Type type)
    {
        for (Type? current = type; current is not null; current = current.BaseType) yield return current;
    }

    private static bool SameSignature(MethodBase ours, MethodBase theirs) =>
        Same(PublicSurface.Signature(ours), PublicSurface.Signature(theirs));

    private static bool Same(string left, string right) => string.Equals(left, right, StringComparison.Ordinal);

    private static bool Overridable(MethodInfo method) => method.IsVirtual && !method.IsFinal;

    private static bool IsOverride(MethodInfo method) => method.IsVirtual && method.GetBaseDefinition() != method;

    private static string Access(MethodInfo method) => method.IsPublic ? "public" : "protected";

    private static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : type.IsValueType ? "struct"
        : type.IsAbstract && type.IsSealed ? "static class"
        : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : "class";
}
