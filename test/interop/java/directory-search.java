import java.util.Hashtable;
import java.util.Map;
import javax.naming.Context;
import javax.naming.directory.InitialDirContext;
import javax.naming.directory.SearchControls;
import javax.security.auth.Subject;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import java.security.PrivilegedExceptionAction;

/** Reads one entry by JNDI with SASL GSSAPI: URL, base, filter, attribute, quality, principal, keytab. */
public class DirectorySearch {
  public static void main(String[] args) throws Exception {
    var options = Map.of(
        "useKeyTab", "true", "keyTab", args[6], "principal", args[5], "doNotPrompt", "true");
    var entry = new AppConfigurationEntry(
        "com.sun.security.auth.module.Krb5LoginModule",
        AppConfigurationEntry.LoginModuleControlFlag.REQUIRED, options);
    var configuration = new Configuration() {
      @Override
      public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
        return new AppConfigurationEntry[] {entry};
      }
    };
    var login = new LoginContext("", new Subject(), null, configuration);
    login.login();
    PrivilegedExceptionAction<Void> action = () -> {
      search(args);
      return null;
    };
    Subject.doAs(login.getSubject(), action);
  }

  private static void search(String[] args) throws Exception {
    var environment = new Hashtable<String, String>();
    environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
    environment.put(Context.PROVIDER_URL, args[0]);
    environment.put(Context.SECURITY_AUTHENTICATION, "GSSAPI");
    environment.put("javax.security.sasl.qop", args[4]);
    var context = new InitialDirContext(environment);
    var controls = new SearchControls();
    controls.setSearchScope(SearchControls.SUBTREE_SCOPE);
    controls.setReturningAttributes(new String[] {args[3]});
    var found = context.search(args[1], args[2], controls);
    while (found.hasMore()) {
      var attributes = found.next().getAttributes();
      System.out.println(attributes.get(args[3]).get());
    }
    context.close();
  }
}
